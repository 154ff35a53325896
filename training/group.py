"""A phase of a run on several devices, from the side of the process that holds the run's lock.

`accelerate launch` starts one process a device (`training.ranks`) for the phase and ends with it.
The group cannot outlive its starter: the system kills the launcher with it and the ranks with the
launcher. A step's rows are shared out, so that steps, batch and learning rate are those of one
device, and a run may go on with another number of them.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from pydantic import ValidationError

from models.errors import WorkbenchError
from training import checkpoints, phases, process
from training import run as runs
from training.phases import Job
from training.ranks import Outcome
from training.reporting import Reporter, Request, Stopped
from training.run import RunSpec

log = logging.getLogger("training")
POLL_SECONDS = 0.2
CONFIG = "accelerate.json"


class GroupFailed(WorkbenchError):
    """A process of the group failed or died."""


def is_wanted(spec: RunSpec) -> bool:
    """Whether the run trains in groups; but for Linux they could outlive who started them."""
    return spec.devices > 1 and sys.platform == "linux"


class Group:
    """Trains the phases of a run, each with as many processes as it can be shared out to."""

    def __init__(self, spec: RunSpec, run_dir: Path, request: Request, report: Reporter) -> None:
        self._spec = spec
        self._dir = run_dir
        self._request = request
        self._report = report

    def train(self, job: Job) -> Path:
        """Train a phase; return the folder of its adapter.

        Raises `Stopped` where the ranks agreed to stop, `GroupFailed` with the words of the rank
        that failed first.
        """
        done = phases.result(job)
        if checkpoints.is_adapter(done):
            return done
        devices = phases.most_devices(job, self._at_hand())
        if devices < self._spec.devices:
            log.info("%s trains on %d of %d devices", job.phase.name, devices, self._spec.devices)
        phases.note_devices(job.folder, devices)
        (self._dir / runs.GROUP).unlink(missing_ok=True)
        status = self._run(self._command(job, devices), devices)
        self._report.reread()
        return self._judged(done, status)

    def _at_hand(self) -> int:
        """Devices to use: those of the plan that are there; without a GPU, processes on the CPU."""
        import torch

        there = torch.cuda.device_count()
        return min(self._spec.devices, there) if there else self._spec.devices

    def _command(self, job: Job, devices: int) -> list[str]:
        told = [str(self._dir), str(job.number), str(job.base)]
        told += [str(job.adapter)] if job.adapter else []
        if devices == 1:
            return [sys.executable, "-m", "training.ranks", str(os.getpid()), *told]
        path = self._dir / CONFIG
        runs.replace(path, json.dumps(_config(devices), indent=2))
        threads = str(self._spec.threads or 1)
        start = [sys.executable, "-m", "training.launcher", str(os.getpid())]
        return [*start, str(path), threads, *told]

    def _run(self, command: list[str], devices: int) -> int:
        """Run the group to its end, passing on the wish to stop; return its exit status."""
        stop = self._dir / runs.STOP
        passed_on = False
        child = subprocess.Popen(command, env=_environment(devices), stdin=subprocess.DEVNULL)
        try:
            while child.poll() is None:
                if self._request.made() and not stop.exists():
                    stop.touch()
                    passed_on = True
                time.sleep(POLL_SECONDS)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
            if passed_on:  # it was a signal's: a later start is not asked to stop
                stop.unlink(missing_ok=True)
        return child.returncode

    def _judged(self, done: Path, status: int) -> Path:
        outcome = _outcome(self._dir)
        if outcome is not None and outcome.state == "failed":
            raise GroupFailed(outcome.message)
        if outcome is not None and outcome.state == "stopped":
            raise Stopped
        if not checkpoints.is_adapter(done):
            raise GroupFailed(
                f"A training process died (exit status {status}); {runs.LOG} has its last words.",
                "Resume the run; where memory was short, end other programs first.",
            )
        return done


def _config(devices: int) -> dict[str, object]:
    """What `accelerate launch` does, whatever this user's own default for it is."""
    return {
        "compute_environment": "LOCAL_MACHINE",
        "distributed_type": "MULTI_GPU",
        "num_machines": 1,
        "machine_rank": 0,
        "num_processes": devices,
        "gpu_ids": "all",
        "main_process_port": 0,  # a free one
        "mixed_precision": "no",  # the trainers set their own
        "use_cpu": False,
        "debug": False,
    }


def _environment(devices: int) -> dict[str, str]:
    import torch

    made = process.environment()
    if devices == 1:
        return made | first_device(made)
    if not torch.cuda.is_available():
        made = {"GLOO_SOCKET_IFNAME": "lo"} | made | {"ACCELERATE_USE_CPU": "true"}
    return made


def first_device(environment: dict[str, str]) -> dict[str, str]:
    """What hides all GPUs but one: a lone trainer would share its batches out to all it sees."""
    seen = environment.get("CUDA_VISIBLE_DEVICES", "0")
    return {"CUDA_VISIBLE_DEVICES": seen.split(",")[0]}


def _outcome(run_dir: Path) -> Outcome | None:
    try:
        return Outcome.model_validate_json((run_dir / runs.GROUP).read_bytes())
    except (OSError, ValidationError):
        return None
