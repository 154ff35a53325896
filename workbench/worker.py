"""The background: one process reads files, another asks the model. Never inside an event.

`python -m workbench.worker read` or `propose`. A worker takes jobs from the store one at a time,
ends when its parent does, and holds a lock so that a home has one of each kind. A file on which
it dies three times is given up with a message instead of being tried for ever.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock, Timeout

from db import jobs, store
from db.engine import reading, writing
from db.files import store_file
from db.tables import JobKind, JobRow
from models.backends import Backend
from models.documents import read
from models.errors import UnreadableDocument, WorkbenchError
from models.extract import Pipeline
from workbench.asks import put_answer
from workbench.batch import parse_row, proposal_row
from workbench.beats import Pulse
from workbench.context import Context, Settings
from workbench.desk import document_of, document_row
from workbench.judging import Follower, judge_records

log = logging.getLogger("workbench.worker")
ROLES: tuple[JobKind, ...] = ("read", "propose")
PARENT = "WORKBENCH_PARENT"
"""Environment variable with the process id of the app that started the worker."""
IDLE_SECONDS = 0.25
BEAT_SECONDS = 2.0
KINDS: dict[JobKind, tuple[JobKind, ...]] = {"read": ("read",), "propose": ("ask", "propose")}
"""The jobs of a role, those first for which somebody waits."""
FOLLOW_SECONDS = 5.0


class Worker:
    """Does the jobs of one kind until its parent is gone."""

    def __init__(self, ctx: Context, role: JobKind) -> None:
        self._ctx = ctx
        self._role = role
        self._model: Backend | None = None
        self._opened: str | None = None
        self._follower: Follower | None = None
        self._next_look = 0.0
        # Told by the parent: asking the system would come too late if that died meanwhile.
        self._parent = int(os.environ.get(PARENT) or os.getppid())
        self._kinds = KINDS[role]
        self._pulse = Pulse(ctx.home, role, self._parent)

    def run(self) -> None:
        """Take up what a dead worker left, then work until the parent goes."""
        self._pulse.start()
        with writing(self._ctx.engine) as session:
            jobs.requeue_stale(session, self._kinds)
        if self._role == "read":
            self._sweep()
        while os.getppid() == self._parent:
            if self._role == "propose":
                self._follow()
            if not self.step():
                self._pulse.idle()
                time.sleep(IDLE_SECONDS)
        self._pulse.close()

    def step(self) -> bool:
        """Do one job; False when there is none."""
        with reading(self._ctx.engine) as session:
            waiting = [kind for kind in self._kinds if jobs.has_queued(session, [kind])]
        if not waiting:
            return False
        with writing(self._ctx.engine) as session:
            job = jobs.claim(session, waiting[:1])
        if job is not None:
            with self._pulse.working(job):
                self._do(job)
        return job is not None

    def close(self) -> None:
        """Give the model's memory back."""
        if self._model is not None:
            self._model.close()
            self._model = None

    def _do(self, job: JobRow) -> None:
        try:
            if job.kind == "read":
                self._read(job)
            elif job.kind == "ask":
                self._answer(job)
            else:
                self._propose(job)
        except SystemExit:
            # The app is being ended in the middle of a job: that is no failure of the job.
            with writing(self._ctx.engine) as session:
                if jobs.exists(session, job.id):
                    jobs.put_back(session, job.id)
            raise
        except UnreadableDocument as error:
            self._fail(job, error.message, error.hint)
            Path(job.path or "").unlink(missing_ok=True)
        except WorkbenchError as error:
            self._fail(job, error.message, error.hint)
        except Exception:
            log.exception("job %s failed", job.id)
            self._fail(
                job,
                f"The program failed on {job.name}.",
                f"The details are in {self._ctx.home / 'logs' / f'{self._role}.log'}.",
            )

    def _fail(self, job: JobRow, message: str, hint: str) -> None:
        with writing(self._ctx.engine) as session:
            if jobs.exists(session, job.id):
                jobs.fail(session, job.id, message, hint)

    def _sweep(self) -> None:
        """Remove what crashes left in the incoming folder; files that a job needs stay."""
        with reading(self._ctx.engine) as session:
            needed = jobs.unfinished_paths(session)
        for path in (*self._ctx.incoming.glob("*"), *(self._ctx.home / "asks").glob("*")):
            old = time.time() - path.stat().st_mtime > 3600
            if old and str(path) not in needed:
                path.unlink(missing_ok=True)

    def _read(self, job: JobRow) -> None:
        """Read an incoming file; document, record and next job appear together or not at all."""
        incoming = Path(job.path or "")
        document = document_row(read(incoming, self._ctx.limits, name=job.name))
        store_file(self._ctx.files, incoming)
        with writing(self._ctx.engine) as session:
            is_new = store.find_record(session, document.sha256) is None
            record = store.add_document(session, document, project=job.project)
            if is_new:
                jobs.enqueue(session, "propose", job.name, record_id=record.id)
            jobs.finish(session, job.id, record_id=record.id)
        incoming.unlink(missing_ok=True)

    def _propose(self, job: JobRow) -> None:
        with reading(self._ctx.engine) as session:
            record = store.record(session, job.record_id or 0)
            document = document_of(store.document(session, record.document_sha256))
        proposal = Pipeline.funding(self._model_in_use()).propose(document, self._reporter(job))
        gold = self._follow().gold
        with writing(self._ctx.engine) as session:
            store.add_proposal(session, record.id, proposal)
            judge_records(session, [record.id], gold)
            jobs.finish(session, job.id)

    def _answer(self, job: JobRow) -> None:
        """Answer a question from outside; one that was withdrawn meanwhile is dropped."""
        question = json.loads(Path(job.path or "").read_text("utf-8"))
        pipeline = Pipeline.funding(self._model_in_use())
        if question["do"] == "parse":
            answer = parse_row(question["statement"], pipeline)
        else:
            document = read(Path(question["file"]), self._ctx.limits, name=question["name"])
            proposal = pipeline.propose(document, self._reporter(job))
            answer = proposal_row(Path(document.name), document, proposal)
        with writing(self._ctx.engine) as session:
            if jobs.exists(session, job.id):
                put_answer(Path(job.path or ""), answer)
                jobs.finish(session, job.id)

    def _follow(self) -> Follower:
        """Judge anew what the decisions since the last look touch: bounded, and not too often."""
        if self._follower is None:
            self._follower = Follower(self._ctx)
        began = time.monotonic()
        if began >= self._next_look:
            self._follower.follow()
            # All gold is read for it, which takes long in a large store: a twentieth of the time.
            took = time.monotonic() - began
            self._next_look = time.monotonic() + max(FOLLOW_SECONDS, 19 * took)
        return self._follower

    def _model_in_use(self) -> Backend:
        """The model, opened anew when another adapter has gone live since the last paper."""
        wanted = self._ctx.model_in_use()
        if self._model is None or wanted != self._opened:
            self.close()
            self._model, self._opened = self._ctx.open_model(wanted), wanted
            self._pulse.model(self._model.name, self._model.adapter)
        return self._model

    def _reporter(self, job: JobRow) -> Callable[[float], None]:
        """Write progress down, at most every so often: each write is a transaction."""
        last = 0.0

        def report(share: float) -> None:
            nonlocal last
            self._pulse.moved()
            if time.monotonic() - last > BEAT_SECONDS:
                last = time.monotonic()
                with writing(self._ctx.engine) as session:
                    jobs.progress(session, job.id, share)

        return report


def main(role: JobKind) -> int:
    """Run the worker of that role; 1 when another holds the lock."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # A request to end comes as an exception, so that the job in hand can be put back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ctx = Context(Settings())
    ctx.home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(FileLock(ctx.home / f"{role}.lock", timeout=10))
        except Timeout:
            log.error("another worker holds %s", ctx.home / f"{role}.lock")
            return 1
        worker = Worker(ctx, role)
        stack.callback(worker.close)
        worker.run()
    return 0


if __name__ == "__main__":
    wanted = [role for role in ROLES if sys.argv[1:] == [role]]
    sys.exit(main(wanted[0]) if wanted else f"usage: python -m workbench.worker {'|'.join(ROLES)}")
