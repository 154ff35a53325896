"""The Hub as the rest of the workbench sees it: three questions, each a process that ends.

The app runs with `HF_HUB_OFFLINE`, and stays so. A token is handed on through a pipe, never
through arguments, the environment or a file, and what the process prints is not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from models.errors import WorkbenchError
from workbench.hub import names

Kind = Literal["dataset", "model"]
LOOK_SECONDS, CARRY_SECONDS = 120, 6 * 3600
OPEN = {
    "HF_HUB_OFFLINE": "0",
    "TRANSFORMERS_OFFLINE": "0",
    "HF_HUB_DISABLE_XET": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DEBUG": "0",
    "PYTHONIOENCODING": "utf-8",
}


class HubRefused(WorkbenchError):
    """The Hub, or the way to it, did not do what was asked."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file on the Hub; `sha256` is of its bytes where it is large, `blob` is Git's."""

    path: str
    size: int
    blob: str
    sha256: str | None

    def is_same(self, file: Path) -> bool:
        """Whether a file here has the same bytes."""
        if file.stat().st_size != self.size:
            return False
        if self.sha256 is not None:
            return self.sha256 == _sha(file, hashlib.sha256())
        return self.blob == _sha(file, hashlib.sha1(f"blob {self.size}\0".encode()))


@dataclass(frozen=True, slots=True)
class Standing:
    """A repository at a revision. `sha` is None where it does not exist."""

    repo: str
    kind: Kind
    revision: str
    exists: bool
    user: str | None = None
    sha: str | None = None
    private: bool = True
    files: dict[str, RemoteFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hub:
    """The Hub with a token, None for that of `hf auth login` or HF_TOKEN."""

    token: str | None = field(default=None, repr=False)

    def look(self, repo: str, kind: Kind, revision: str = "main") -> Standing:
        """How a repository stands; raises `HubRefused`."""
        names.repo(repo)
        names.revision(revision)
        told = self._ask(LOOK_SECONDS, do="look", repo=repo, kind=kind, revision=revision)
        files = {file["path"]: RemoteFile(**file) for file in told.pop("files")}
        return Standing(repo, kind, revision, files=files, **told)

    def fetch(self, at: Standing, paths: Sequence[str], folder: Path) -> None:
        """Files of what `look` saw into a folder; their bytes are those that were listed."""
        if not paths:
            return
        self._ask(
            CARRY_SECONDS, do="fetch", repo=at.repo, kind=at.kind, revision=at.sha,
            files=list(paths), folder=str(folder),
        )  # fmt: skip
        for path in paths:
            if not at.files[path].is_same(folder / path):
                raise HubRefused(f"{path} came with other bytes than listed.", "Try again.")

    def commit(
        self,
        at: Standing,
        folder: Path,
        add: Sequence[str],
        delete: Sequence[str],
        message: str,
        private: bool = True,
    ) -> str:
        """Put files of a folder there as one commit upon what `look` saw; gives its address."""
        told = self._ask(
            CARRY_SECONDS, do="commit", repo=at.repo, kind=at.kind, revision=at.revision,
            parent=at.sha, private=private, folder=str(folder), add=list(add),
            delete=list(delete), message=message,
        )  # fmt: skip
        url = str(told["url"])
        return url if url.startswith(("https://", "http://")) else ""

    def _ask(self, seconds: float, **asked: Any) -> dict[str, Any]:
        body = json.dumps({**asked, "token": self.token}).encode() + b"\n"
        try:
            done = subprocess.run(
                [sys.executable, "-m", "workbench.hub.worker"],
                input=body,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | OPEN,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            # Not chained: the exception carries what was asked.
            raise HubRefused("The Hub does not answer.", "Try again later.") from None
        try:
            told: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            raise HubRefused(
                f"The Hub's client ended with status {done.returncode}.",
                "Check that huggingface_hub is installed, then try again.",
            ) from None
        if "error" in told:
            raise HubRefused(told["error"], told["hint"])
        return told


def _sha(file: Path, digest: Any) -> str:
    with file.open("rb") as source:
        while block := source.read(1 << 20):
            digest.update(block)
    found: str = digest.hexdigest()
    return found
