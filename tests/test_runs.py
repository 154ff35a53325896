"""A training run survives what happens to its process; what it leaves is whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from tests.tiny_run import make_run, tiny_base, wait
from training import checkpoints, phases, process
from training import run as runs
from training.__main__ import explain
from training.process import RunError
from training.run import InvalidRun, Pid, Status

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def whole(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing happened to."""
    run_dir = make_run(tmp_path_factory.mktemp("whole"), base)
    process.start(run_dir)
    wait(lambda: not process.is_alive(run_dir), "the end of the run")
    return run_dir


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Path]:
    """A live run that waits for its device: quick to start, for it loads no library."""
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text("{}")
    device = tmp_path / "device.lock"
    with FileLock(device):
        run_dir = make_run(tmp_path / "run", base, device_lock=device)
        process.start(run_dir)
        wait(lambda: state(run_dir) == "waiting", "the run to wait")
        yield run_dir
        process.stop(run_dir, 2)


def state(run_dir: Path) -> str | None:
    status = runs.read_status(run_dir)
    return status.state if status else None


def message(run_dir: Path) -> str:
    status = runs.read_status(run_dir)
    return status.message if status else ""


def reached(run_dir: Path, phase: str, step: int) -> Callable[[], bool]:
    def is_so() -> bool:
        status = runs.read_status(run_dir)
        if status and status.state in runs.ENDED:
            raise AssertionError(f"ended before step {step} of {phase}: {status}")
        return bool(status and status.phase == phase and status.step >= step)

    return is_so


def finish(run_dir: Path) -> None:
    process.start(run_dir)
    wait(lambda: not process.is_alive(run_dir), "the end of the run")
    assert state(run_dir) == "finished", (message(run_dir), log(run_dir))


def log(run_dir: Path) -> str:
    return (run_dir / runs.LOG).read_text("utf-8", "replace")[-2000:]


def kill(run_dir: Path) -> Pid:
    who = runs.read_process(run_dir)
    assert who is not None
    os.killpg(who.pid, signal.SIGKILL)
    wait(lambda: not process.is_alive(run_dir), "the lock to be free", 10)
    return who


@pytest.mark.slow
class TestTheWholeRun:
    def test_it_leaves_an_adapter_with_all_that_made_it(self, whole: Path) -> None:
        status = runs.read_status(whole)
        assert status and status.state == "finished", (status, log(whole))
        assert status.adapter == whole / "adapter" and (status.adapter / WEIGHTS).is_file()
        card = json.loads((whole / "adapter" / "training.json").read_text())
        assert card["made"]["snapshot_sha256"] == "0" * 64
        assert card["made"]["libraries"]["trl"] != "absent"
        assert card["base_name"] == "tiny-llama"
        assert [phase["kind"] for phase in card["phases"]] == ["sft", "dpo"]

    def test_its_metrics_are_of_both_phases_in_order(self, whole: Path) -> None:
        rows, end = runs.metrics(whole)
        assert list(dict.fromkeys(row["phase"] for row in rows)) == ["first", "second"]
        assert max(row["step"] for row in rows if row["phase"] == "first") == 150
        assert runs.metrics(whole, end) == ([], end)

    @pytest.mark.parametrize("how", ["file", "sigterm", "sigkill"])
    def test_interrupted_and_started_again_it_ends_with_the_same_weights(
        self, how: str, whole: Path, base: Path, tmp_path: Path
    ) -> None:
        run_dir = make_run(tmp_path / how, base)
        who = process.start(run_dir)
        phase, step = ("second", 7) if how == "sigkill" else ("first", 23)
        wait(reached(run_dir, phase, step), f"step {step} of {phase}")
        if how == "sigkill":
            kill(run_dir)
            assert state(run_dir) == "running"
        else:
            if how == "file":
                process.ask_to_stop(run_dir)
            else:
                os.kill(who.pid, signal.SIGTERM)
            wait(lambda: not process.is_alive(run_dir), "the run to stop")
            assert state(run_dir) == "stopped", (message(run_dir), log(run_dir))
            assert "checkpoint-" in message(run_dir)
        assert runs.last_checkpoint(run_dir) is not None
        assert not (run_dir / "adapter").exists()
        finish(run_dir)
        for part in ("1-first/adapter", "2-second/trained", "adapter"):
            same = (run_dir / part / WEIGHTS).read_bytes() == (whole / part / WEIGHTS).read_bytes()
            assert same, part


class TestALiveRun:
    def test_is_not_started_twice(self, waiting: Path) -> None:
        with pytest.raises(RunError, match="already"):
            process.start(waiting)
        second = subprocess.run([sys.executable, "-m", "training", waiting], capture_output=True)
        assert second.returncode == 3
        assert state(waiting) == "waiting"

    @pytest.mark.parametrize("how", ["file", "sigterm"])
    def test_stops_when_asked(self, waiting: Path, how: str) -> None:
        if how == "file":
            assert process.stop(waiting, 30) == "file"
        else:
            os.kill(runs.read_process(waiting).pid, signal.SIGTERM)  # type: ignore[union-attr]
            wait(lambda: not process.is_alive(waiting), "the run to stop", 30)
        assert state(waiting) == "stopped"
        assert message(waiting) == "Stopped before the first step."

    def test_that_does_not_listen_is_killed_with_its_group(self, waiting: Path) -> None:
        who = runs.read_process(waiting)
        assert who is not None
        os.kill(who.pid, signal.SIGSTOP)
        assert process.stop(waiting, 0.3) == "sigkill"
        assert not process.is_running(who)

    def test_killed_leaves_a_free_lock_and_no_zombie(self, waiting: Path) -> None:
        who = kill(waiting)
        wait(lambda: not psutil.pid_exists(who.pid), "the zombie to be reaped", 10)
        assert process.stop(waiting, 0) == "gone"

    def test_goes_on_when_the_device_is_free(self, tmp_path: Path) -> None:
        device = tmp_path / "device.lock"
        run_dir = make_run(tmp_path / "run", tmp_path / "no base", device_lock=device)
        with FileLock(device):
            process.start(run_dir)
            wait(lambda: state(run_dir) == "waiting", "the run to wait")
        wait(lambda: not process.is_alive(run_dir), "the run to end", 60)
        assert "base model is missing" in message(run_dir)

    def test_of_two_runs_on_one_device_one_waits(self, waiting: Path, tmp_path: Path) -> None:
        spec = runs.load_spec(waiting)
        other = make_run(tmp_path / "other", spec.base, device_lock=spec.device_lock)
        process.start(other)
        wait(lambda: state(other) == "waiting", "the other run to wait")
        assert process.is_alive(waiting) and process.is_alive(other)
        assert process.stop(other, 30) == "file"
        assert process.is_alive(waiting)

    def test_outlives_who_started_it(self, tmp_path: Path) -> None:
        device = tmp_path / "device.lock"
        with FileLock(device):
            run_dir = make_run(tmp_path / "run", tmp_path, device_lock=device)
            code = "import sys,os,pathlib; from training import process; "
            code += "process.start(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
            starter = subprocess.run([sys.executable, "-c", code, run_dir], check=False)
            assert starter.returncode == -signal.SIGKILL
            wait(lambda: state(run_dir) == "waiting", "the run to wait")
            assert process.stop(run_dir, 30) == "file"


class TestAnotherProcess:
    def test_with_the_number_of_a_dead_trainer_is_not_killed(self, tmp_path: Path) -> None:
        bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
        run_dir = make_run(tmp_path / "run", tmp_path)
        born = psutil.Process(bystander.pid).create_time()
        recycled = Pid(pid=bystander.pid, created=born - 3600)
        runs.replace(run_dir / runs.PROCESS, recycled.model_dump_json())
        with FileLock(run_dir / runs.LOCK):  # the worst case: somebody holds the lock
            assert process.stop(run_dir, 0.2) == "alive"
        assert bystander.poll() is None
        bystander.kill()
        bystander.wait()

    def test_the_trainer_knows_no_store_and_no_screen(self) -> None:
        code = "import sys, training.__main__, training.phases, training.process; "
        code += "print([m for m in sys.modules if m.split('.')[0] in ('db', 'workbench', 'torch')])"
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert said.stdout.strip() == "[]", said.stderr


class TestWhatCannotBeTrained:
    @pytest.mark.parametrize(
        ("damage", "said"),
        [
            (lambda d: (d / "run.json").write_text('{"id": '), "run.json cannot be read"),
            (lambda d: (d / "sft.jsonl").unlink(), "data file sft.jsonl is missing"),
            (lambda d: (d / "base" / "config.json").unlink(), "base model is missing"),
            (
                lambda d: (d / "sft.jsonl").open("a").write('{"task": \n'),
                "data file sft.jsonl was altered",
            ),
        ],
        ids=["a torn run.json", "no data", "no base", "altered data"],
    )
    def test_fails_with_a_sentence(
        self, damage: Callable[[Path], object], said: str, tmp_path: Path
    ) -> None:
        (tmp_path / "base").mkdir()
        (tmp_path / "base" / "config.json").write_text("{}")
        run_dir = make_run(tmp_path, tmp_path / "base")
        damage(run_dir)
        process.start(run_dir)
        wait(lambda: not process.is_alive(run_dir), "the run to fail", 120)
        assert state(run_dir) == "failed" and said in message(run_dir)
        assert "Traceback" in log(run_dir)

    def test_a_run_without_its_files_is_not_started(self, tmp_path: Path) -> None:
        with pytest.raises(RunError, match="files of the run are not in"):
            process.start(tmp_path)

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (OSError(28, "No space left on device"), "is full"),
            (RuntimeError("I/O error: No space left on device (os error 28)"), "is full"),
            (MemoryError(), "memory is not enough"),
            (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "memory is not enough"),
            (InvalidRun("The base is gone.", "Prepare it."), "The base is gone. Prepare it."),
            (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        ],
    )
    def test_the_sentence_says_what_to_do(
        self, error: Exception, said: str, tmp_path: Path
    ) -> None:
        assert said in explain(error, tmp_path)


class TestFilesThatAKilledWriterLeft:
    @pytest.mark.parametrize("left", [b"", b'{"state": "runn', b"\x00" * 64, b'{"state": "odd"}'])
    def test_a_status_that_cannot_be_read_is_none(self, left: bytes, tmp_path: Path) -> None:
        (tmp_path / runs.STATUS).write_bytes(left)
        assert runs.read_status(tmp_path) is None

    def test_a_torn_line_of_metrics_waits_and_is_then_ended(self, tmp_path: Path) -> None:
        runs.append_metrics(tmp_path, {"phase": "a", "step": 1})
        with (tmp_path / runs.METRICS).open("a") as lines:
            lines.write('{"phase": "a", "st')
        rows, end = runs.metrics(tmp_path)
        assert rows == [{"phase": "a", "step": 1}]
        runs.append_metrics(tmp_path, {"phase": "a", "step": 2})
        assert runs.metrics(tmp_path, end)[0] == [{"phase": "a", "step": 2}]

    def test_half_a_checkpoint_does_not_count(self, tmp_path: Path) -> None:
        for step, left in ((10, '{"global_step": 10}'), (20, '{"global_st'), (30, None)):
            folder = tmp_path / "1-first" / "checkpoints" / f"checkpoint-{step}"
            folder.mkdir(parents=True)
            if left is not None:
                (folder / checkpoints.STATE).write_text(left)
        found = runs.last_checkpoint(tmp_path)
        assert found is not None and found.name == "checkpoint-10"

    def test_a_reader_never_sees_half_a_status(self, tmp_path: Path) -> None:
        code = (
            "import sys,pathlib; from training import run as r; now=r.now()\n"
            "while True: r.write_status(pathlib.Path(sys.argv[1]), "
            "r.Status(state='running', message='x'*50000, started_at=now, updated_at=now))"
        )
        writer = subprocess.Popen([sys.executable, "-c", code, tmp_path])
        try:
            wait((tmp_path / runs.STATUS).exists, "the first status", 60)
            seen: list[Status | None] = []
            end = time.monotonic() + 0.5
            while time.monotonic() < end:
                seen.append(runs.read_status(tmp_path))
            assert all(seen)
        finally:
            writer.kill()
            writer.wait()
        assert runs.read_status(tmp_path) is not None


def test_no_other_weights_are_gone_on_from_than_those_that_the_run_was_made_with(
    tmp_path: Path,
) -> None:
    base, parent = tmp_path / "base", tmp_path / "parent"
    for folder in (base, parent):
        folder.mkdir()
    (base / "config.json").write_text("{}")
    (parent / "adapter_config.json").write_text("{}")
    (parent / WEIGHTS).write_bytes(b"as it was")
    sha256 = runs.sha256_of(parent / WEIGHTS)
    folder = make_run(tmp_path / "run", base, adapter=parent, parent="auto-1", parent_sha256=sha256)
    spec = runs.load_spec(folder)
    phases.check(spec, folder)
    assert phases.card(spec, folder)["parent"] == {"name": "auto-1", "sha256": sha256}
    (parent / WEIGHTS).write_bytes(b"altered")
    with pytest.raises(InvalidRun, match=r"auto-1, was altered"):
        phases.check(spec, folder)
    (parent / WEIGHTS).unlink()
    with pytest.raises(InvalidRun, match="is missing"):
        phases.check(spec, folder)
