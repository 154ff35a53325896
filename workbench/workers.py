"""Keeps the background workers alive beside the app: starts, restarts, ends them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

from filelock import FileLock, Timeout

from workbench.beats import note_exit
from workbench.context import Context
from workbench.worker import PARENT, ROLES

log = logging.getLogger(__name__)
RESTART_SECONDS = 2.0


class Workers:
    """The worker processes of one home."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="workers", daemon=True)

    def start(self) -> None:
        """Start one worker a role and watch over them."""
        for role in ROLES:
            self._processes[role] = self._spawn(role)
        self._thread.start()

    def stop(self) -> None:
        """End them; a job in the making is taken up again at the next start."""
        self._stopping.set()
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()

    def _watch(self) -> None:
        while not self._stopping.wait(RESTART_SECONDS):
            for role, process in self._processes.items():
                if process.poll() is not None and not self._stopping.is_set():
                    note_exit(self._ctx.home, role, process.returncode)
                    try:
                        self._processes[role] = self._spawn(role)
                    except OSError as error:  # a full disk: try again at the next look
                        log.warning("the %s worker cannot be started: %s", role, error)

    def _spawn(self, role: str) -> subprocess.Popen[bytes]:
        logs = self._ctx.home / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        _rotate(logs / f"{role}.log")
        with (logs / f"{role}.log").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "workbench.worker", role],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ | self._environment(),
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        settings = self._ctx.settings.model_dump(exclude_none=True)
        named = {f"WORKBENCH_{name.upper()}": str(value) for name, value in settings.items()}
        return named | {PARENT: str(os.getpid())}


def _rotate(path: Path, limit: int = 5_000_000) -> None:
    if path.exists() and path.stat().st_size > limit:
        path.replace(path.with_suffix(".log.1"))


def is_alive(ctx: Context, role: str) -> bool:
    """Whether a worker of that role runs: it holds its lock as long as it lives."""
    lock = FileLock(ctx.home / f"{role}.lock", timeout=0)
    try:
        with lock:
            return False
    except Timeout:
        return True
