"""An export to its end: from one frozen snapshot, chunk by chunk, resumed where it was killed.

While it is written an export is a folder beside its target: the snapshot, the files as far as
they are, and a journal. A line of the journal stands for a chunk that is on the disk; whatever
is behind it when the program is killed is cut off and written again. The target appears whole,
under its name, after everything was read again and compared.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout
from sqlalchemy import Engine
from sqlmodel import Session

from db.engine import connect, reading
from db.files import on_disk, sync
from db.snapshots import freeze
from models.errors import WorkbenchError
from workbench.exchange import placing
from workbench.exchange.formats import Format, Unfit
from workbench.exchange.placing import JOURNAL, LOCK, SNAPSHOT, SPEC, UNFIT, part_path
from workbench.exchange.proof import Proof, prove

CHUNK = 5_000
"""Records after which an export is safe on the disk."""
Progress = Callable[[str, int, int], None]
"""Called with the step (freezing, writing, proving), records done and records in all."""


class Stopped(WorkbenchError):
    """Somebody asked the export to stop; it can be resumed."""


class Unfinished(WorkbenchError):
    """There is something to resume, or nothing, or somebody else is at it."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What is to be exported. `split` is the records of a file, 0 for one file of all."""

    format: str
    project: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    split: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A chunk that is on the disk: up to where each file is good, and after which record."""

    file: int = 1
    bytes: int = 0
    in_file: int = 0
    written: int = 0
    unfit: int = 0
    unfit_bytes: int = 0
    last: int = 0
    sha256: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an export."""

    format: str
    target: str
    records: int
    written: int
    unfit: dict[str, int]
    unfit_list: str | None
    bytes: int
    sha256: dict[str, str]
    proof: Proof | None

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self) | {"proof": self.proof.told() if self.proof else None}


def export(
    engine: Engine,
    of: Format,
    spec: Spec,
    target: Path,
    *,
    resume: bool = False,
    proof: bool = True,
    progress: Progress = lambda step, done, of: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Write an export to `target`, a file, or a folder of files where it is split.

    Raises `Stopped` when asked to stop; with `resume` it goes on there, as after a kill.
    """
    target = target.absolute()
    work = target.with_name(f"{target.name}.export")
    placing.refuse(of, work, target, bool(spec.split))
    with on_disk(target), _locked(work):
        mark = _begin(engine, spec, work, resume, progress)
        frozen = connect(work / SNAPSHOT)
        try:
            total = _total(frozen, of, spec)
            mark = _write(frozen, of, spec, work, mark, total, progress, should_stop)
            files = placing.finished(of, work, mark.file)
            found = None
            if proof:
                with reading(frozen) as session:
                    checked = _watched(of, session, spec, total, progress, should_stop)
                    found = prove(of, files, checked, work / UNFIT)
        finally:
            frozen.dispose()
        outcome = _place(of, spec, work, target, files, mark, found)
    placing.discard(work)
    return outcome


@contextmanager
def _locked(work: Path) -> Iterator[None]:
    work.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(work / LOCK, timeout=0):
            yield
    except Timeout as error:
        raise Unfinished(
            "This export is being written by another process.",
            "Wait for it, or choose another name.",
        ) from error


def _begin(engine: Engine, spec: Spec, work: Path, resume: bool, progress: Progress) -> Mark:
    told = json.dumps(asdict(spec), sort_keys=True)
    known = work / SPEC
    if resume and known.exists():
        if known.read_text("utf-8") != told:
            raise Unfinished(
                "The unfinished export was of something else.", "Leave --resume out to begin anew."
            )
        return _last_mark(work)
    placing.clear(work)
    progress("freezing", 0, 0)
    freeze(engine, work / SNAPSHOT)
    # Written last: what has a spec has a whole snapshot.
    part = work / f"{SPEC}.part"
    part.write_text(told, "utf-8")
    os.replace(part, known)
    return Mark()


def _last_mark(work: Path) -> Mark:
    """The last whole line of the journal, whose files are as it says."""
    journal = work / JOURNAL
    mark = Mark()
    if not journal.exists():
        return mark
    good = 0
    for line in journal.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        mark = Mark(**json.loads(line))
        good += len(line)
    os.truncate(journal, good)
    return mark


def _total(frozen: Engine, of: Format, spec: Spec) -> int:
    with reading(frozen) as session:
        return of.count(session, spec.project)


def _write(
    frozen: Engine,
    of: Format,
    spec: Spec,
    work: Path,
    mark: Mark,
    total: int,
    progress: Progress,
    should_stop: Callable[[], bool],
) -> Mark:
    if mark.done:
        return mark
    with reading(frozen) as session, _Files(of, spec, work, mark) as files:
        for id_, record in of.records(session, spec.project, mark.last):
            files.add(id_, record)
            if files.pending == CHUNK:
                mark = files.keep()
                progress("writing", mark.written + mark.unfit, total)
                if should_stop():
                    raise Stopped("The export was stopped.", "Resume it, or remove it.")
        mark = files.close()
        progress("writing", mark.written + mark.unfit, total)
    return mark


class _Files:
    """The files of an export in the making."""

    def __init__(self, of: Format, spec: Spec, work: Path, mark: Mark) -> None:
        self._of, self._split, self._work, self._mark = of, spec.split, work, mark
        self._out = self._open(mark.file, mark.bytes)
        self._unfit = _cut(work / UNFIT, mark.unfit_bytes)
        self._journal = (work / JOURNAL).open("ab")
        self._digest = hashlib.sha256()
        self.pending = 0

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._out, self._unfit, self._journal):
            file.close()

    def _open(self, number: int, at: int) -> IO[bytes]:
        out = _cut(part_path(self._work, number), at)
        if at == 0:
            out.write(self._of.head())
        return out

    def add(self, id_: int, record: Any) -> None:
        """Write a record, or list why it cannot be."""
        mark = self._mark
        self.pending += 1
        try:
            body = self._of.write(record)
        except Unfit as error:
            row = {"record": id_, "reason": error.message, "hint": error.hint}
            self._unfit.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            self._mark = replace(mark, last=id_, unfit=mark.unfit + 1)
            return
        if self._split and mark.in_file == self._split:
            mark = self._next_file()
        between = self._of.between if mark.in_file else b""
        self._out.write(between + body)
        self._digest.update(body)
        self._mark = replace(mark, last=id_, written=mark.written + 1, in_file=mark.in_file + 1)

    def _next_file(self) -> Mark:
        self._end_file()
        mark = replace(self._mark, file=self._mark.file + 1, in_file=0)
        self._out = self._open(mark.file, 0)
        return mark

    def _end_file(self) -> None:
        self._out.write(self._of.tail())
        sync(self._out)
        self._out.close()

    def keep(self, done: bool = False) -> Mark:
        """Bring what was written to the disk, then say so in the journal."""
        at = self._mark.bytes if done else self._out.tell()
        if not done:
            sync(self._out)
        sync(self._unfit)
        self._mark = replace(
            self._mark,
            bytes=at,
            unfit_bytes=self._unfit.tell(),
            sha256=self._digest.hexdigest(),
            done=done,
        )
        self._journal.write((json.dumps(asdict(self._mark)) + "\n").encode())
        sync(self._journal)
        self._digest = hashlib.sha256()
        self.pending = 0
        return self._mark

    def close(self) -> Mark:
        """End the last file."""
        self._end_file()
        return self.keep(done=True)


def _cut(path: Path, at: int) -> IO[bytes]:
    """A file opened behind its first `at` bytes, the rest cut off."""
    path.touch()
    out = path.open("r+b")
    out.truncate(at)
    out.seek(at)
    return out


def _watched(
    of: Format,
    session: Session,
    spec: Spec,
    total: int,
    progress: Progress,
    should_stop: Callable[[], bool],
) -> Iterator[tuple[int, Any]]:
    """The records once more, for the proof."""
    for done, item in enumerate(of.records(session, spec.project, 0)):
        if done % CHUNK == 0:
            progress("proving", done, total)
            if should_stop():
                raise Stopped("The export was stopped.", "Resume it, or remove it.")
        yield item
    progress("proving", total, total)


def _place(
    of: Format,
    spec: Spec,
    work: Path,
    target: Path,
    files: list[Path],
    mark: Mark,
    found: Proof | None,
) -> Outcome:
    """Give the finished files their name, the list of what did not fit beside them."""
    listed = placing.place_unfit(work, target, bool(mark.unfit))
    return Outcome(
        format=of.name,
        target=str(target),
        records=mark.written + mark.unfit,
        written=mark.written,
        unfit=placing.count_reasons(work / UNFIT),
        unfit_list=str(listed) if listed else None,
        bytes=sum(file.stat().st_size for file in files),
        sha256=placing.place(of, files, target, bool(spec.split)),
        proof=found,
    )
