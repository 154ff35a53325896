"""Names of repositories, revisions and the files in them: nothing else goes over the wire."""

from __future__ import annotations

import re

from models.errors import WorkbenchError

PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
REVISION = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._/-]{0,198}[A-Za-z0-9_])?")
CARD, PLOT = "README.md", "plots/funders.svg"
SHARD = re.compile(r"data/(train|validation|test)-(all|[0-9a-f]{1,2})\.parquet")
SPLITS = ("train", "validation", "test")
ADAPTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}\.(?:json|safetensors|md|svg|png|txt|jinja)")


def repo(name: str) -> str:
    """A repository's name as OWNER/NAME; raises `WorkbenchError` for anything else."""
    parts = name.split("/")
    is_fine = (
        len(parts) == 2
        and all(map(PART.fullmatch, parts))
        and len(name) <= 96
        and not any(bad in name for bad in ("--", ".."))
        and not name.endswith(".git")
    )
    if not is_fine:
        raise WorkbenchError(
            f"{name[:120]!r} is no name of a repository.",
            "Write OWNER/NAME, of letters, digits, '-', '_' and '.'.",
        )
    return name


def revision(name: str) -> str:
    """A branch, tag or commit; raises `WorkbenchError` for what is none."""
    if not REVISION.fullmatch(name) or ".." in name or "//" in name or name.endswith(".lock"):
        raise WorkbenchError(
            f"{name[:120]!r} is no name of a revision.", "Name a branch, a tag or a commit."
        )
    return name


def token(typed: str | None) -> str | None:
    """A typed token without what pasting adds; the error does not repeat it."""
    bare = (typed or "").strip()
    if not bare:
        return None
    if not re.fullmatch(r"[!-~]{4,500}", bare):
        raise WorkbenchError("That is no token.", "Copy it whole from huggingface.co, Settings.")
    return bare
