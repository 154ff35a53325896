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


def only(who: Person) -> str | None:
    """Whose figures somebody may see: their own, or None for everybody's."""
    return None if who.may("adjudicator") else who.name


def require_own(person: str | None, who: Person) -> None:
    """Raise `NotAllowed` where somebody asks for another person's figures and may not."""
    if person is not None and person != who.name:
        who.require("adjudicator")
