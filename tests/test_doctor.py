"""The doctor: what it sees of workers, queue, model, backup and logs, and that it gives reasons."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from db import jobs
from db.columns import utc_now
from db.engine import reading, writing
from tests.desks import wait_for
from tests.stores import add, save
from workbench import asks, beats, doctor, logs
from workbench.beats import Pulse
from workbench.context import Context, Settings
from workbench.doctor import Check
from workbench.doctor.looks import note_backup
from workbench.workers import Workers


def check(ctx: Context, name: str, language: str = "en") -> Check:
    return {found.name: found for found in doctor.page(ctx, language)}[name]


@contextmanager
def living(ctx: Context, role: str = "propose") -> Iterator[None]:
    """The lock that a worker holds as long as it lives."""
    ctx.home.mkdir(parents=True, exist_ok=True)
    with FileLock(ctx.home / f"{role}.lock"):
        yield


def age(ctx: Context, **times: timedelta) -> None:
    """Put times of the beat back."""
    beat = beats.read(ctx.home, "propose")
    assert beat is not None
    changed = {name: getattr(beat, name) - back for name, back in times.items()}
    path = ctx.home / "beats" / "propose.json"
    path.write_text(beat.model_copy(update=changed).model_dump_json())


def begin(ctx: Context, name: str = "swift.pdf") -> None:
    """A worker of ours that has begun a paper."""
    record = add(ctx.engine, name)
    with writing(ctx.engine) as session:
        job = jobs.enqueue(session, "propose", name, record_id=record)
    pulse = Pulse(ctx.home, "propose", os.getpid())
    with pulse.working(job):
        pass


class TestWorkers:
    def test_they_stand_while_the_app_does(self, ctx: Context) -> None:
        assert check(ctx, "worker.read").level == "ok"
        assert "Stopped" in check(ctx, "worker.read").detail

    def test_a_worker_says_what_it_does(self, ctx: Context) -> None:
        begin(ctx)
        with living(ctx):
            found = check(ctx, "worker.propose")
        assert found.level == "ok"
        assert "swift.pdf" in found.detail

    def test_work_that_does_not_move_on_is_stuck_with_a_reason(self, ctx: Context) -> None:
        begin(ctx)
        age(ctx, moved_at=timedelta(minutes=7), since=timedelta(minutes=9))
        with living(ctx):
            found = check(ctx, "worker.propose")
            german = check(ctx, "worker.propose", "de")
        assert found.level == "warn"
        assert "swift.pdf has not moved on for 7 min (begun 9 min ago)" in found.detail
        assert str(os.getpid()) in found.hint
        assert "seit 7 min nicht weiter" in german.detail

    def test_a_process_that_gives_no_sign_is_stuck(self, ctx: Context) -> None:
        begin(ctx)
        age(ctx, beat_at=timedelta(minutes=3))
        with living(ctx):
            found = check(ctx, "worker.propose")
        assert (found.level, found.ok) == ("bad", False)
        assert "no sign of life for 3 min" in found.detail

    def test_a_dead_worker_is_told_while_its_app_lives(self, ctx: Context) -> None:
        begin(ctx)
        assert check(ctx, "worker.propose").level == "bad"
        beats.note_exit(ctx.home, "propose", -signal.SIGKILL)
        found = check(ctx, "worker.propose")
        assert found.level == "warn"
        assert "SIGKILL" in found.detail
        assert "memory" in found.hint

    def test_a_worker_that_ends_again_and_again_is_broken(self, ctx: Context) -> None:
        begin(ctx)
        for _ in range(3):
            beats.note_exit(ctx.home, "propose", 1)
        with living(ctx):
            found = check(ctx, "worker.propose")
        assert found.level == "bad"
        assert "3 times" in found.detail and "exit 1" in found.detail

    @pytest.mark.slow
    def test_a_real_worker_that_is_killed_is_told_and_comes_back(self, ctx: Context) -> None:
        crew = Workers(ctx)
        crew.start()
        try:
            wait_for(lambda: (b := beats.read(ctx.home, "read")) and b.state == "idle", 60)
            first = beats.read(ctx.home, "read")
            assert first is not None
            assert "Waits for work" in check(ctx, "worker.read").detail
            os.kill(first.pid, signal.SIGKILL)
            wait_for(lambda: beats.exits(ctx.home, "read"), 30)

            def back() -> bool:
                beat = beats.read(ctx.home, "read")
                return beat is not None and beat.pid != first.pid and beat.state == "idle"

            wait_for(back, 60)
            found = check(ctx, "worker.read")
            assert (found.level, "SIGKILL" in found.detail) == ("warn", True)
        finally:
            crew.stop()

    @pytest.mark.slow
    def test_a_worker_gives_signs_while_and_after_it_opens_the_model(self, ctx: Context) -> None:
        crew = Workers(ctx)
        crew.start()
        try:
            wait_for(lambda: (b := beats.read(ctx.home, "propose")) and b.state == "idle", 60)
            told = asks.parse(ctx, "Funded by the Wellcome Trust.")

            def is_told() -> bool:
                beat = beats.read(ctx.home, "propose")
                return beat is not None and beat.model == told["model"]

            wait_for(is_told, 30)
            opened = beats.read(ctx.home, "propose")
            assert opened is not None

            def later() -> bool:
                beat = beats.read(ctx.home, "propose")
                return beat is not None and beat.beat_at > opened.beat_at

            wait_for(later, 30)
            assert check(ctx, "worker.propose").level == "ok"
            assert told["adapter"] in check(ctx, "model").detail
        finally:
            crew.stop()


class TestTheRest:
    def test_the_queue_says_how_long(self, ctx: Context) -> None:
        with writing(ctx.engine) as session:
            for n in range(3):
                jobs.enqueue(session, "read", f"{n}.pdf")
            done = jobs.claim(session, ["read"])
            assert done is not None
            done.started_at = utc_now() - timedelta(seconds=90)
            jobs.finish(session, done.id)
        assert "2 jobs wait, about 3 min" in check(ctx, "queue").detail
        with writing(ctx.engine) as session:
            failing = jobs.claim(session, ["read"])
            assert failing is not None
            jobs.fail(session, failing.id, "damaged")
            last = jobs.claim(session, ["read"])
            assert last is not None
            jobs.finish(session, last.id)
        assert check(ctx, "queue").level == "warn"

    def test_decisions_without_a_backup_are_warned_of(self, ctx: Context, tmp_path: Path) -> None:
        assert check(ctx, "backup").level == "ok"
        record = add(ctx.engine, "a.pdf")
        with writing(ctx.engine) as session:
            save(session, record)
        assert "1 paper is decided" in check(ctx, "backup").detail
        archive = tmp_path / "b.tar"
        archive.write_bytes(b"x")
        note_backup(ctx.home, archive, 1)
        assert check(ctx, "backup").level == "ok"
        archive.unlink()
        assert check(ctx, "backup").level == "warn"

    def test_the_log_is_told_without_what_exceptions_quote(self, ctx: Context) -> None:
        folder = ctx.home / "logs"
        folder.mkdir(parents=True)
        (folder / "propose.log").write_text(
            "2026-11-20 10:00:00,123 INFO all is well\n"
            "2026-11-21 10:00:00,123 ERROR job 7 failed\n"
            "Traceback (most recent call last):\n"
            '  File "/x/workbench/worker.py", line 12, in _do\n'
            "    read(\n"
            "ValueError: We thank our secret sponsor\n"
        )
        found = check(ctx, "errors")
        assert found.level == "warn"
        assert len(found.lines) == 1
        assert "job 7 failed" in found.lines[0]
        assert "ValueError at worker.py:12" in found.lines[0]
        assert "sponsor" not in doctor.as_text(doctor.page(ctx))

    def test_the_app_s_own_log_is_a_file(self, tmp_path: Path) -> None:
        code = "import logging, sys; from pathlib import Path; from workbench import logs\n"
        code += "logs.keep(Path(sys.argv[1])); logging.getLogger('x').error('gone wrong')"
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
        assert "gone wrong" in logs.last_errors(tmp_path / "logs")[0]

    def test_a_changed_mode_of_the_store_is_told(self, ctx: Context) -> None:
        assert "WAL" in check(ctx, "store").detail
        with reading(ctx.engine) as session:
            session.connection().exec_driver_sql("SELECT 1")
        connection = ctx.engine.raw_connection()
        connection.cursor().execute("PRAGMA query_only = 0")
        connection.cursor().execute("UPDATE alembic_version SET version_num = '0002'")
        connection.close()
        assert "workbench db upgrade" in check(ctx, "store").hint

    def test_a_model_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        ctx = Context(Settings(home=tmp_path / "home", model=str(tmp_path / "no.gguf")))
        assert check(ctx, "model").level == "bad"

    def test_programs_get_all_of_it(self, ctx: Context) -> None:
        told = json.loads(doctor.as_json(doctor.page(ctx)))
        assert {"name", "ok", "level", "detail", "meaning", "hint", "lines"} <= told[0].keys()
