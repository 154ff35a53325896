"""Invented papers to try the workbench on."""

from __future__ import annotations

import hashlib
from pathlib import Path

from db import store
from db.engine import reading
from workbench.context import Context
from workbench.desk import receive

FOLDER = Path(__file__).parent
PROJECT = "sample"


def add(ctx: Context) -> None:
    """Queue the sample papers that the store does not know yet."""
    for path in sorted(FOLDER.glob("*.pdf")):
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        with reading(ctx.engine) as session:
            known = store.has_document(session, sha256)
        if not known:
            receive(ctx, path, path.name, PROJECT)
