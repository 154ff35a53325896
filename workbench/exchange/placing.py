"""Where an export is made and where it ends: nothing of others is overwritten or deleted.

The finished files stay in the working folder until all of them have their names, so that a kill
between two of them can be resumed as well.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from db.files import sha_of, sync_folder
from models.errors import WorkbenchError
from workbench.exchange.formats import Format

SNAPSHOT, JOURNAL, UNFIT, SPEC, LOCK = (
    "store.sqlite3",
    "journal.jsonl",
    "unfit.jsonl",
    "spec.json",
    "lock",
)
OURS = re.compile(
    r"\.?store\.sqlite3.*|journal\.jsonl|unfit\.jsonl|spec\.json(\.part)?|lock|folder"
    r"|(part|making)-\d+|file-\d+\.\w+|\..+\.part"
)
"""What an export puts into its working folder."""


class Occupied(WorkbenchError):
    """Something of others stands where an export should go."""


def refuse(of: Format, work: Path, target: Path, is_split: bool) -> None:
    """Raise `Occupied` where writing would end in, or delete, what is not an export's own."""
    if work.is_dir() and (foreign := _foreign(work, OURS)):
        raise Occupied(
            f"{work} is where the export would be made, but holds {foreign}.",
            "Move that folder away, or choose another name.",
        )
    if not is_split and target.is_dir():
        raise Occupied(f"{target} is a folder.", "Name a file in it, or split the export.")
    if not is_split or not os.path.lexists(target):
        return
    if target.is_symlink() or not target.is_dir():
        raise Occupied(f"{target} is not a folder.", "A split export is one: choose another name.")
    if foreign := _foreign(target, re.compile(rf"{re.escape(target.stem)}-\d+\.{of.suffix}")):
        raise Occupied(
            f"{target} holds {foreign}, which is not of such an export.",
            "A split export replaces its folder: choose one that is not there yet.",
        )


def _foreign(folder: Path, known: re.Pattern[str]) -> str | None:
    names = sorted(path.name for path in folder.iterdir())
    return next((name for name in names if not known.fullmatch(name)), None)


def clear(work: Path) -> None:
    """Take away what an earlier export left, but for the lock."""
    for left in work.iterdir():
        if left.name != LOCK:
            shutil.rmtree(left) if left.is_dir() else left.unlink()


def discard(work: Path) -> None:
    """Delete the working folder; what has no spec any more is not taken up again."""
    (work / SPEC).unlink(missing_ok=True)
    shutil.rmtree(work, ignore_errors=True)


def part_path(work: Path, number: int) -> Path:
    """The place of a file in the making."""
    return work / f"part-{number:05}"


def finished(of: Format, work: Path, count: int) -> list[Path]:
    """The finished files, in order."""
    files = []
    for number in range(1, count + 1):
        ready = work / f"file-{number:05}.{of.suffix}"
        if not ready.exists():
            making = work / f"making-{number:05}"
            of.finish(part_path(work, number), making)
            os.replace(making, ready)
        files.append(ready)
    return files


def place(of: Format, files: Sequence[Path], target: Path, is_split: bool) -> dict[str, str]:
    """Give the finished files their names; tells the sha256 of each."""
    if is_split:
        shas = _place_folder(of, files, target)
    else:
        _give(files[0], target)
        shas = {target.name: sha_of(files[0])}
    sync_folder(target.parent)
    return shas


def _place_folder(of: Format, files: Sequence[Path], target: Path) -> dict[str, str]:
    folder = files[0].parent / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    names = [f"{target.stem}-{number:05}.{of.suffix}" for number in range(1, len(files) + 1)]
    for name, file in zip(names, files, strict=True):
        _give(file, folder / name)
    sync_folder(folder)
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(folder, target)
    return {name: sha_of(file) for name, file in zip(names, files, strict=True)}


def place_unfit(work: Path, target: Path, is_there: bool) -> Path | None:
    """Put the list of what did not fit beside the target; None where there is none."""
    listed = target.with_name(f"{target.name}.unfit.jsonl")
    if not is_there:
        listed.unlink(missing_ok=True)
        return None
    _give(work / UNFIT, listed)
    return listed


def _give(file: Path, target: Path) -> None:
    """The same bytes under another name, in one step; the file stays where it is."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        os.link(file, part)
    except OSError:  # a disk without hard links
        shutil.copyfile(file, part)
    os.replace(part, target)
    # Where target and part are one file already, replacing does nothing.
    part.unlink(missing_ok=True)


def count_reasons(listed: Path) -> dict[str, int]:
    """How many records did not fit, by reason; numbers in a reason do not tell it apart."""
    counts: dict[str, int] = {}
    with listed.open(encoding="utf-8") as lines:
        for line in lines:
            reason = " ".join(
                "N" if w.isdecimal() else w for w in json.loads(line)["reason"].split()
            )
            counts[reason] = counts.get(reason, 0) + 1
    return counts
