"""`workbench people …`: accounts from the command line. Passwords are typed or piped, never given
as an argument, which other programs of the machine could read.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.terminal import Json, table, tell

if TYPE_CHECKING:
    from db.tables import PersonRow
    from workbench.context import Context

app = typer.Typer(help="Make and change accounts.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
RoleName = Annotated[str, typer.Option(help="viewer, curator, adjudicator or admin.")]


@app.command()
def add(name: Name, role: RoleName = "curator", as_json: Json = False) -> None:
    """Make an account; its password is asked for, or read from the input's first line."""
    from db import people
    from db.engine import writing
    from workbench import passwords

    ctx, checked = _context(), _role(role)
    hashed = passwords.hashed(_password())
    with writing(ctx.engine) as session:
        row = people.add(session, name, checked, by=ctx.settings.actor, password_hash=hashed)
    _tell(row, as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All accounts."""
    from db import people
    from db.engine import reading

    with reading(_context().engine) as session:
        rows = [_told(row) for row in people.everyone(session)]
    if as_json:
        typer.echo(json.dumps(rows))
    elif rows:
        table(tuple(rows[0]), [tuple(map(str, row.values())) for row in rows])
    else:
        typer.echo("No accounts. Make one with: workbench people add NAME --role admin")


@app.command()
def role(
    name: Name,
    role: Annotated[str, typer.Argument(help="viewer, curator, adjudicator or admin.")],
    as_json: Json = False,
) -> None:
    """Change what somebody may do, from their next request on."""
    from db import people
    from db.engine import writing

    checked = _role(role)
    with writing(_context().engine) as session:
        row = people.set_role(session, people.known(session, name).id, checked)
    _tell(row, as_json)


@app.command()
def password(name: Name, as_json: Json = False) -> None:
    """Set a new password and sign the person out everywhere."""
    from db import people
    from db.engine import reading, writing
    from workbench import passwords

    ctx = _context()
    with reading(ctx.engine) as session:
        found = people.known(session, name)
    hashed = passwords.hashed(_password())
    with writing(ctx.engine) as session:
        row = people.set_password(session, found.id, hashed)
    _tell(row, as_json)


@app.command()
def deactivate(
    name: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Let them in again.")] = False,
    as_json: Json = False,
) -> None:
    """Shut somebody out and end their sign-ins. What they decided stays theirs."""
    from db import people
    from db.engine import writing

    with writing(_context().engine) as session:
        row = people.set_active(session, people.known(session, name).id, undo)
    _tell(row, as_json)


@app.command()
def token(
    name: Name,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it holds.")] = 365,
    label: Annotated[str, typer.Option("--for", help="What it is for, to find it again.")] = "",
    as_json: Json = False,
) -> None:
    """Make a token for a program that acts as this person. It is shown once."""
    from workbench.accounts import make_token

    made = make_token(_context(), name, days, label=label)
    if as_json:
        typer.echo(json.dumps({"name": name, "token": made, "days": days, "for": label or None}))
        return
    typer.echo(made)
    typer.secho(
        "Send it as `Authorization: Bearer TOKEN`. It is not kept and cannot be shown again.",
        err=True,
    )


@app.command()
def tokens(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Only this person's.")] = "",
    as_json: Json = False,
) -> None:
    """The tokens of programs that hold: whose, what for, and when each was last used."""
    from db import people, sign_ins
    from db.columns import utc_now
    from db.engine import reading
    from workbench.accounts import told_token

    with reading(_context().engine) as session:
        whose = people.known(session, name).id if name else None
        rows = [told_token(*held) for held in sign_ins.programs(session, utc_now(), whose)]
    if as_json:
        typer.echo(json.dumps(rows))
    elif rows:
        table(tuple(rows[0]), [tuple(value or "-" for value in row.values()) for row in rows])
    else:
        typer.echo("No tokens. Make one with: workbench people token NAME --for WHAT")


@app.command("end-token")
def end_token(
    token: Annotated[str, typer.Argument(metavar="ID", help="The id that `tokens` lists.")],
    as_json: Json = False,
) -> None:
    """End one token at once; the person's other tokens and sign-ins hold on."""
    from db import sign_ins
    from db.columns import utc_now
    from db.engine import writing
    from workbench.accounts import told_token

    with writing(_context().engine) as session:
        ended = told_token(*sign_ins.end_program(session, token, utc_now()))
    tell(ended, as_json)


def _role(given: str) -> Any:
    from db.tables import ROLES

    if given not in ROLES:
        raise typer.BadParameter(f"known roles: {', '.join(ROLES)}")
    return given


def _password() -> str:
    """Typed twice where a person sits, else the first line of what is piped in."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")


def _told(row: PersonRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "role": row.role,
        "active": row.active,
        "created": row.created_at.isoformat(timespec="seconds"),
        "seen": row.seen_at.isoformat(timespec="seconds") if row.seen_at else None,
    }


def _tell(row: PersonRow, as_json: bool) -> None:
    tell(_told(row), as_json)


def _context() -> Context:
    from workbench.context import Context, Settings

    return Context(Settings())
