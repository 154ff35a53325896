"""The sign-in page: plain HTML of its own, since the app's pages are closed to who is not in."""

from __future__ import annotations

from html import escape
from string import Template
from typing import Any
from urllib.parse import quote

from workbench import accounts, texts
from workbench.context import Context

PAGE = Template("""<!doctype html>
<html lang="$language">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title · $app</title>
<link rel="icon" href="/desk/icon.svg">
<link rel="stylesheet" href="/desk/people/sign-in.css">
</head>
<body>
<main>
<p class="app"><img src="/desk/icon.svg" alt="" width="28" height="28">$app</p>
<h1>$title</h1>
$inside
</main>
</body>
</html>
""")
FORM = Template("""$problem
<form method="post" action="/sign-in">
<input type="hidden" name="next" value="$wanted">
<label for="name">$name_label</label>
<input id="name" name="name" value="$name" autocomplete="username" autocapitalize="none"
  spellcheck="false" required$name_focus$described>
<label for="password">$password_label</label>
<input id="password" name="password" type="password" autocomplete="current-password"
  required$password_focus$described>
<button type="submit">$submit</button>
</form>
$elsewhere""")
ONWARD = Template(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>…</title>'
    '<meta http-equiv="refresh" content="0;url=$wanted"></head>'
    '<body><a href="$wanted">→</a></body></html>'
)


def form(
    request: Any, ctx: Context, wanted: str, name: str = "", problem: str = "", **values: Any
) -> str:
    """The whole page; `problem` is the key of what went wrong, `name` what was typed."""
    language = texts.language_of(request)

    def say(key: str, **places: Any) -> str:
        return escape(texts.say(f"people.sign_in.{key}", language, **places))

    inside = f"<p>{say('no_accounts')}</p>"
    if accounts.are_there(ctx):
        told = escape(texts.say(problem, language, **values)) if problem else ""
        inside = FORM.substitute(
            problem=f'<p class="problem" id="problem" role="alert">{told}</p>' if told else "",
            described=' aria-describedby="problem"' if told else "",
            wanted=escape(wanted),
            name=escape(name[:200]),
            name_label=say("name"),
            password_label=say("password"),
            submit=say("submit"),
            name_focus="" if name else " autofocus",
            password_focus=" autofocus" if name else "",
            elsewhere=_elsewhere(ctx, wanted, say("elsewhere")),
        )
    title, app = say("title"), escape(texts.say("common.app", language))
    return PAGE.substitute(language=language, title=title, app=app, inside=inside)


def onward(wanted: str) -> str:
    """A page that goes to another at once, by a link where the browser does not."""
    return ONWARD.substitute(wanted=escape(wanted))


def _elsewhere(ctx: Context, wanted: str, label: str) -> str:
    """The button of the identity provider, where there is one."""
    if not ctx.settings.oidc_issuer:
        return ""
    return f'<a class="elsewhere" href="/sign-in/oidc?next={quote(wanted, safe="")}">{label}</a>'
