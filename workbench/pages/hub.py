"""The dataset to the Hugging Face Hub: compared first, and only what was seen is pushed."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from models.errors import WorkbenchError
from workbench.context import Context
from workbench.hub import names, pulling, pushing
from workbench.hub.client import Hub
from workbench.pages.handlers import bind
from workbench.pages.tables import table
from workbench.people import asked
from workbench.texts import label, language_of, say

Shown = tuple[str, str, Any]
KINDS = ("equal", "different", "not_there", "not_here", "misplaced")


def panel(ctx: Context) -> None:
    """Lay the panel out and wire it."""
    with gr.Accordion(label("hub.title"), open=False, elem_id="wb-hub"):
        gr.Markdown(label("hub.help"))
        with gr.Row():
            repo = gr.Textbox(
                label=label("hub.repo"), placeholder=label("hub.repo_form"), max_lines=1
            )
            project = gr.Textbox(label=label("exports.project"), max_lines=1)
            revision = gr.Textbox("main", label=label("hub.revision"), max_lines=1)
        with gr.Row():
            allow = gr.Textbox(label=label("hub.allow"), info=label("hub.allow_info"), max_lines=1)
            token = gr.Textbox(
                label=label("hub.token"),
                info=label("hub.token_info"),
                type="password",
                max_lines=1,
                html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
            )
            public = gr.Checkbox(label=label("hub.public"), info=label("hub.public_info"))
        with gr.Row():
            look = gr.Button(label("hub.compare"))
            push = gr.Button(label("hub.push"), variant="primary", interactive=False)
            check = gr.Button(label("hub.verify"))
        told = gr.HTML(elem_id="wb-hub-told", apply_default_css=False)
        seen = gr.State("")
    given: list[Any] = [repo, project, revision, public, allow, token]
    shown: list[Any] = [told, seen, push]
    look.click(bind(compare, ctx), given, shown, api_visibility="private", concurrency_limit=1)
    check.click(
        bind(verify, ctx), [repo, project, revision, token], shown, api_visibility="private",
        concurrency_limit=1,
    )  # fmt: skip
    push.click(
        bind(send, ctx), [*given, seen], [*shown, token], api_visibility="private",
        concurrency_limit=1,
    )  # fmt: skip


def compare(
    ctx: Context,
    repo: str,
    project: str,
    revision: str,
    public: bool,
    allow: str,
    token: str,
    request: gr.Request,
) -> Shown:
    """What a push would change; the button to push works once it is shown."""
    asked(request, "admin")
    language = language_of(request)
    try:
        wish = _wish(repo, project, revision, public, allow)
        plan = pushing.dry_run(ctx, Hub(names.token(token)), wish)
    except WorkbenchError as error:
        return _error(error), "", gr.Button(interactive=False)
    is_empty = plan.diff.is_empty
    return report(plan.told(), language), plan.mark, gr.Button(interactive=not is_empty)


def send(
    ctx: Context,
    repo: str,
    project: str,
    revision: str,
    public: bool,
    allow: str,
    token: str,
    seen: str,
    request: gr.Request,
) -> tuple[str, str, Any, str]:
    """Push what was shown, if it is still that; the typed token is forgotten either way."""
    asked(request, "admin")
    language = language_of(request)
    try:
        wish = _wish(repo, project, revision, public, allow)
        told = pushing.push(ctx, Hub(names.token(token)), wish, seen=seen or "")
    except WorkbenchError as error:
        return _error(error), "", gr.Button(interactive=False), ""
    return report(told, language), "", gr.Button(interactive=False), ""


def verify(
    ctx: Context, repo: str, project: str, revision: str, token: str, request: gr.Request
) -> Shown:
    """Pull what lies on the Hub and compare it with the store; nothing is changed on either side.

    What a comparison had shown is gone from the page, so it cannot be pushed any more.
    """
    asked(request, "admin")
    language = language_of(request)
    try:
        wish = _wish(repo, project, revision, False, "")
        hub = Hub(names.token(token))
        found = pulling.verify(ctx, hub, wish.repo, wish.revision, wish.project)
    except WorkbenchError as error:
        return _error(error), "", gr.Button(interactive=False)
    return verified(found, language), "", gr.Button(interactive=False)


def verified(found: pulling.Verified, language: str) -> str:
    """How the rows there and the records here stand to each other, as HTML."""
    is_same = found.is_equal and not found.not_there
    state = say(
        "hub.verified" if is_same else "hub.not_verified", language, commit=found.commit[:7]
    )
    counts = [
        (escape(say(f"hub.kind_{kind}", language)), f"{getattr(found, kind):,}") for kind in KINDS
    ]
    heads = [say(f"hub.heads_{name}", language) for name in ("kind", "count")]
    parts = [
        f"<p><strong>{escape(found.repo)}</strong>: {escape(state)}</p>",
        table(heads, counts, "wb-checks"),
    ]
    if found.not_there:
        parts.append(f"<p>{escape(say('hub.not_there_info', language))}</p>")
    if found.differences:
        parts.append(_differences(found.differences, language))
    return "".join(parts)


def _differences(found: list[pulling.Difference], language: str) -> str:
    rows = [
        (
            escape(one.doi or one.sha256[:12]),
            escape(say(f"hub.kind_{one.kind}", language)),
            escape(", ".join(one.columns)) or "–",
        )
        for one in found
    ]
    heads = [say(f"hub.heads_{name}", language) for name in ("paper", "difference", "columns")]
    summary = escape(say("hub.first_rows", language, n=len(rows)))
    listed = table(heads, rows, "wb-checks")
    return f"<details open><summary>{summary}</summary>{listed}</details>"


def _wish(repo: str, project: str, revision: str, public: bool, allow: str) -> pushing.Wish:
    allowed = tuple(part.strip() for part in (allow or "").split(",") if part.strip())
    return pushing.Wish(
        (repo or "").strip(),
        (project or "").strip() or None,
        (revision or "").strip() or "main",
        bool(public),
        allowed,
    )


def report(told: dict[str, Any], language: str) -> str:
    """A plan, or what came of it, as HTML."""
    parts = [f"<p>{_head(told, language)}</p>", _splits(told, language)]
    if told["left_out"]:
        names = ", ".join(f"{escape(name)} ({n:,})" for name, n in told["left_out"].items())
        total = sum(told["left_out"].values())
        parts.append(f"<p>{escape(say('hub.left_out', language, n=total))} {names}</p>")
    parts.append(_files(told, language))
    if told["card"] == "changed":
        lines = escape("\n".join(told["card_diff"]))
        summary = escape(say("hub.card", language))
        parts.append(f"<details><summary>{summary}</summary><pre>{lines}</pre></details>")
    return "".join(parts)


def _head(told: dict[str, Any], language: str) -> str:
    seen = say("hub.private" if told["private"] else "hub.open", language)
    if told.get("pushed"):
        link = escape(told["url"], quote=True)
        done = escape(say("hub.pushed", language))
        return f'{done} <a href="{link}" rel="noopener" target="_blank">{link}</a>'
    if told["is_empty"]:
        state = say("hub.same", language)
    elif told["exists"]:
        state = say("hub.differs", language, commit=told["commit"][:7])
    else:
        state = say("hub.new", language)
    return f"<strong>{escape(told['repo'])}</strong> ({escape(seen)}): {escape(state)}"


def _splits(told: dict[str, Any], language: str) -> str:
    keys = ("rows", "added", "changed", "removed")
    heads = tuple(say(f"hub.heads_{name}", language) for name in ("split", *keys))
    rows = [
        (escape(name), *(f"{split[key]:,}" for key in keys))
        for name, split in told["splits"].items()
    ]
    return table(heads, rows, "wb-checks")


def _files(told: dict[str, Any], language: str) -> str:
    lines = [f"{escape(path)} ({size / 1000:,.1f} kB)" for path, size in told["upload"].items()]
    lines += [f"{escape(path)}: {escape(say('hub.deleted', language))}" for path in told["delete"]]
    if not lines:
        return ""
    key = "hub.files_sent" if told.get("pushed") else "hub.files"
    text = say(key, language, n=len(lines), size=f"{told['bytes'] / 1000:,.1f} kB")
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f"<details><summary>{escape(text)}</summary><ul>{items}</ul></details>"


def _error(error: WorkbenchError) -> str:
    return f'<p role="alert"><strong>{escape(error.message)}</strong> {escape(error.hint)}</p>'
