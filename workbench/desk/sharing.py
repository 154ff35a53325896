"""How many papers of a project several people read."""

from __future__ import annotations

from typing import Any

from db import projects
from db.engine import reading, writing
from workbench.context import Context
from workbench.people import Person


def share(ctx: Context, project: str) -> dict[str, Any]:
    """What holds for a project now."""
    with reading(ctx.engine) as session:
        chosen = projects.settings(session, project)
    return {"project": project, "share": chosen.share, "readers": chosen.readers}


def choose(ctx: Context, project: str, share: int, readers: int, who: Person) -> dict[str, Any]:
    """Have a share of a project's papers read by several people; tells how many papers wait."""
    who.require("admin")
    with writing(ctx.engine) as session:
        waiting = projects.choose_share(
            session, project, share=share, readers=readers, actor=who.name
        )
    return {"project": project, "share": share, "readers": readers, "waiting": waiting}
