"""Rows of training runs say what is so: at most one waits, and none runs without a process."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session
from typer.testing import CliRunner

from db import adapters
from db import runs as rows
from db.checks import check
from db.engine import reading, writing
from db.errors import NotFound, StoreError
from db.runs import Ending
from db.tables import TrainingRunRow
from models import catalog
from models.errors import UnusableAdapter, WorkbenchError
from tests.tiny_run import SFT, examples, wait
from training import process
from training import run as folders
from training.run import PhaseSpec
from workbench import cli, runs
from workbench.context import Context, Settings

SHA = "a" * 64


def queue(session: Session, name: str = "tiny") -> TrainingRunRow:
    return rows.queue_run(session, name, "base", f"/runs/{name}", SHA)


def states(session: Session) -> list[str]:
    return [row.state for row in reversed(rows.recent_runs(session))]


class TestTheQueue:
    def test_newer_data_take_the_place_of_a_waiting_run(self, engine: Engine) -> None:
        with writing(engine) as session:
            queue(session, "old")
            newer = queue(session, "new")
            assert states(session) == ["stopped", "queued"]
            assert rows.claim(session) is newer

    def test_a_second_waiting_row_is_refused_by_the_store_itself(self, engine: Engine) -> None:
        with pytest.raises(IntegrityError), writing(engine) as session:
            queue(session)
            session.add(
                TrainingRunRow(
                    recipe="x", base="b", folder="f", snapshot_sha256=SHA, state="queued"
                )
            )

    def test_one_run_trains_and_one_waits(self, engine: Engine) -> None:
        with writing(engine) as session:
            first = queue(session, "first")
            assert rows.claim(session) is first
            second = queue(session, "second")
            assert rows.claim(session) is None
            rows.note_ended(session, first.id, Ending("finished"))
            assert rows.claim(session) is second

    def test_of_many_callers_one_gets_the_run(self, engine: Engine) -> None:
        with writing(engine) as session:
            queue(session)

        def caller(_: int) -> bool:
            with writing(engine) as session:
                return rows.claim(session) is not None

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(caller, range(16))) == 1

    @pytest.mark.parametrize("state", ["queued", "running", "finished"])
    def test_only_a_run_that_ended_early_resumes(self, engine: Engine, state: str) -> None:
        with writing(engine) as session:
            row = queue(session)
            row.state = state  # type: ignore[assignment]
            with pytest.raises(StoreError, match=state):
                rows.take(session, row.id)

    def test_no_run_resumes_beside_another(self, engine: Engine) -> None:
        with writing(engine) as session:
            first = queue(session)
            rows.claim(session)
            rows.note_ended(session, first.id, Ending("interrupted"))
            second = queue(session)
            rows.claim(session)
            with pytest.raises(StoreError, match=f"Run {second.id} is running"):
                rows.take(session, first.id)

    def test_an_ended_run_ends_once(self, engine: Engine) -> None:
        with writing(engine) as session:
            row = queue(session)
            rows.claim(session)
            rows.note_ended(session, row.id, Ending("failed", "The disk is full."))
            rows.note_ended(session, row.id, Ending("finished"), "tiny-1")
            assert (row.state, row.message, row.adapter) == ("failed", "The disk is full.", None)
            with pytest.raises(NotFound):
                rows.run(session, 99)

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        acts=st.lists(
            st.one_of(
                st.sampled_from(["queue", "claim", "reconcile"]),
                st.tuples(
                    st.sampled_from(["end", "take"]),
                    st.integers(0, 9),
                    st.sampled_from(["finished", "stopped", "interrupted", "failed"]),
                ),
            ),
            max_size=30,
        ),
        dead=st.sets(st.integers(0, 30)),
    )
    def test_whatever_happens_at_most_one_waits_and_one_runs(
        self, engine: Engine, acts: list[object], dead: set[int]
    ) -> None:
        with writing(engine) as session:
            for old in rows.recent_runs(session, 1000):
                session.delete(old)
        for act in acts:
            with writing(engine) as session:
                apply(session, act, dead)
            with reading(engine) as session:
                now = states(session)
                assert now.count("queued") <= 1 and now.count("running") <= 1, act
                newest = rows.recent_runs(session, 1)
                assert act != "queue" or newest[0].state == "queued"


def apply(session: Session, act: object, dead: set[int]) -> None:
    known = rows.recent_runs(session, 1000)
    if act == "queue":
        queue(session)
    elif act == "claim":
        rows.claim(session)
    elif act == "reconcile":
        rows.reconcile(
            session,
            lambda row: row.state == "running" and row.id not in dead,
            lambda row: Ending("interrupted", "gone"),
        )
    elif isinstance(act, tuple) and known:
        name, which, state = act
        chosen = known[which % len(known)]
        if name == "end":
            rows.note_ended(session, chosen.id, Ending(state))
        elif chosen.state in rows.RESUMABLE and "running" not in states(session):
            rows.take(session, chosen.id)


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(runs, "device_lock", lambda device=0: tmp_path / "device.lock")
    ctx = Context(Settings())
    yield ctx
    with reading(ctx.engine) as session:
        for row in rows.recent_runs(session):
            process.stop(Path(row.folder), 0.5)


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[None]:
    """Somebody else trains on the device: our runs wait, and load no library."""
    with FileLock(tmp_path / "device.lock"):
        yield


def add_run(ctx: Context) -> TrainingRunRow:
    base = ctx.home / "base"
    base.mkdir(parents=True, exist_ok=True)
    (base / "config.json").write_text("{}")
    phase = PhaseSpec(kind="sft", name="only", parameters=SFT, data="sft.jsonl")
    return runs.queue(ctx, "tiny", base, [(phase, examples(3))], SHA, base_name="base")


def started(ctx: Context) -> TrainingRunRow:
    add_run(ctx)
    row = runs.start_queued(ctx)
    assert row is not None and row.state == "running", row
    return row


def seen(ctx: Context, run_id: int) -> TrainingRunRow:
    with reading(ctx.engine) as session:
        return rows.run(session, run_id)


@pytest.mark.usefixtures("busy")
class TestRowsAndProcesses:
    def test_a_started_run_knows_its_process_and_its_frozen_rows(self, ctx: Context) -> None:
        row = started(ctx)
        assert row.pid and process.is_running(folders.Pid(pid=row.pid, created=row.pid_created))
        spec = folders.load_spec(Path(row.folder))
        assert spec.made.snapshot_sha256 == row.snapshot_sha256 == SHA
        assert len(folders.read_rows(Path(row.folder), spec.phases[0])) == 3
        wait(lambda: runs.progress(ctx, row.id).status is not None, "a status", 30)
        assert runs.progress(ctx, row.id).alive

    def test_a_killed_trainer_is_interrupted_and_resumes(self, ctx: Context) -> None:
        row = started(ctx)
        assert runs.reconcile(ctx) == []
        os.killpg(row.pid or 0, signal.SIGKILL)
        wait(lambda: not process.is_alive(Path(row.folder)), "its end", 10)
        (changed,) = runs.reconcile(ctx)
        assert changed.state == "interrupted" and "was killed" in changed.message
        assert runs.resume(ctx, row.id).state == "running"
        assert runs.reconcile(ctx) == []

    def test_an_app_that_died_amid_a_start_is_made_good(self, ctx: Context) -> None:
        add_run(ctx)
        with writing(ctx.engine) as session:
            row = rows.claim(session)  # and here the app is killed
        assert row is not None
        (changed,) = runs.reconcile(ctx)
        assert changed.state == "interrupted" and "begins anew" in changed.message
        who = process.start(Path(row.folder))  # or here, with the trainer begun
        (changed,) = runs.reconcile(ctx)
        assert (changed.state, changed.pid) == ("running", who.pid)

    def test_an_app_killed_amid_a_start_left_no_number_and_the_next_one_finds_it(
        self, ctx: Context
    ) -> None:
        row = started(ctx)
        with writing(ctx.engine) as session:
            left = rows.run(session, row.id)
            left.pid = left.pid_created = None
        assert runs.reconcile(ctx) == []
        assert seen(ctx, row.id).state == "running"
        assert seen(ctx, row.id).pid == row.pid

    def test_an_adapter_that_does_not_open_cannot_be_made_live(self, ctx: Context) -> None:
        refused = {"passes": False, "opens": False, "reasons": ["It cannot be used."]}
        with writing(ctx.engine) as session:
            adapters.register(session, "cut", "base", str(ctx.home), SHA, metrics=refused)
        with pytest.raises(WorkbenchError, match="cut does not open"):
            runs.promote(ctx, "cut", "ada", "I know better")

    def test_an_adapter_from_elsewhere_is_merged_before_it_may_go_live(self, ctx: Context) -> None:
        folder = ctx.home / "adapters" / "pulled"
        shutil.copytree(catalog.adapters()[catalog.default()].path, folder)
        weights = folder / "adapter_model.safetensors"
        weights.write_bytes(weights.read_bytes()[:4000])
        base = catalog.default_base()
        with writing(ctx.engine) as session:
            adapters.register(session, "pulled", base, str(folder), SHA, metrics={"hub": "a/b"})
        with pytest.raises(UnusableAdapter, match="damaged or cut short"):
            runs.promote(ctx, "pulled", "ada", "a trial")
        with reading(ctx.engine) as session:
            assert adapters.live(session, base) is None

    def test_a_run_whose_files_did_not_come_with_a_backup_is_failed(self, ctx: Context) -> None:
        row = started(ctx)
        process.stop(Path(row.folder), 10)
        shutil.rmtree(row.folder)
        runs.reconcile(ctx)
        told = seen(ctx, row.id)
        assert (told.state, "a backup holds none of a run" in told.message) == ("failed", True)

    @pytest.mark.parametrize(
        ("said", "state"),
        [("failed", "failed"), ("stopped", "stopped"), ("running", "interrupted")],
    )
    def test_a_dead_process_left_its_last_word(self, ctx: Context, said: str, state: str) -> None:
        row = started(ctx)
        process.stop(Path(row.folder), 10)
        now = folders.now()
        told = folders.Status(state=said, message="Why.", started_at=now, updated_at=now)  # type: ignore[arg-type]
        folders.write_status(Path(row.folder), told)
        (changed,) = runs.reconcile(ctx)
        assert changed.state == state
        assert (changed.message == "Why.") == (state != "interrupted")

    def test_the_adapter_of_a_finished_run_becomes_a_candidate(self, ctx: Context) -> None:
        row = started(ctx)
        folder = Path(row.folder)
        process.stop(folder, 10)
        (folder / "adapter").mkdir()
        (folder / "adapter" / "adapter_model.safetensors").write_bytes(b"weights")
        now = folders.now()
        folders.write_status(
            folder, folders.Status(state="finished", started_at=now, updated_at=now)
        )
        (changed,) = runs.reconcile(ctx)
        assert (changed.state, changed.adapter) == ("finished", f"tiny-{row.id}")
        with reading(ctx.engine) as session:
            made = adapters.adapter(session, f"tiny-{row.id}")
            assert (made.state, made.run_id, made.base) == ("candidate", row.id, "base")
        assert [p for p in check(ctx.engine, ctx.files) if p.level == "error"] == []

    def test_a_replaced_run_leaves_no_folder(self, ctx: Context) -> None:
        old, new = add_run(ctx), add_run(ctx)
        assert not Path(old.folder).exists() and Path(new.folder).is_dir()
        assert seen(ctx, old.id).state == "stopped"

    def test_the_watch_starts_what_waits(self, ctx: Context) -> None:
        row = add_run(ctx)
        watch = runs.Watch(ctx)
        watch.start()
        wait(lambda: seen(ctx, row.id).pid is not None, "the start", 60)
        watch.stop()
        assert process.is_alive(Path(row.folder))

    def test_a_broken_run_fails_and_the_next_one_starts(self, ctx: Context) -> None:
        row = add_run(ctx)
        folder = Path(row.folder)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        failed = runs.start_queued(ctx)
        assert failed is not None and failed.state == "failed" and failed.message
        assert started(ctx).id != row.id

    def test_the_command_line_lists_shows_stops_and_resumes(self, ctx: Context) -> None:
        row = started(ctx)

        def said(*arguments: str) -> object:
            result = CliRunner().invoke(cli.app, ["runs", *arguments, "--json"])
            assert result.exit_code == 0, (result.output, result.exception)
            return json.loads(result.stdout)

        assert [r["state"] for r in said("list")] == ["running"]  # type: ignore[attr-defined]
        assert said("show", str(row.id))["alive"] is True  # type: ignore[index]
        assert said("stop", str(row.id))["state"] == "stopped"  # type: ignore[index]
        assert said("resume", str(row.id))["state"] == "running"  # type: ignore[index]
        waiting = add_run(ctx)
        assert said("stop", str(waiting.id))["state"] == "stopped"  # type: ignore[index]
        with pytest.raises(WorkbenchError, match="is running"):
            runs.resume(ctx, waiting.id)
