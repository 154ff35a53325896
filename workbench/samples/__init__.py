"""Invented papers to try the workbench on."""

from __future__ import annotations

import hashlib
from pathlib import Path

from db import jobs, store
from db.engine import reading
from workbench.context import Context
from workbench.desk import receive

FOLDER = Path(__file__).parent
PROJECT = "samples"


def add(ctx: Context) -> int:
    """Queue the sample papers that the store neither knows nor is about to; returns how many."""
    queued = 0
    with reading(ctx.engine) as session:
        coming = {job.name for job in jobs.unfinished(session, PROJECT)}
    for path in sorted(FOLDER.glob("*.pdf")):
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        with reading(ctx.engine) as session:
            known = store.has_document(session, sha256)
        if not known and path.name not in coming:
            receive(ctx, path, path.name, PROJECT)
            queued += 1
    return queued
