"""Whether a request that changes something comes from a page of our own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers

SAFE = ("GET", "HEAD", "OPTIONS")
OWN_SITES = ("same-origin", "none")


def changes(scope: Any) -> bool:
    """Whether the request may change something, by its method; a websocket may."""
    return scope["type"] == "websocket" or scope["method"] not in SAFE


def is_foreign(headers: Headers, public_url: str = "") -> bool:
    """Whether the browser says that another site's page sent this."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in OWN_SITES:
        return True
    return origin is not None and _place(origin) not in _own(headers, public_url)


def is_told(headers: Headers) -> bool:
    """Whether the browser says where the request comes from; every browser does when it posts."""
    return "origin" in headers or "sec-fetch-site" in headers


def local_path(wanted: str | None) -> str:
    """Where to go after signing in: the wanted path if it is one of this app, else the start."""
    path = wanted or "/"
    odd = any(ord(letter) <= 32 or letter == "\\" or ord(letter) == 127 for letter in path)
    if odd or not path.startswith("/") or path.startswith("//") or len(path) > 2000:
        return "/"
    return "/" if path.startswith("/sign-in") else path


def _own(headers: Headers, public_url: str) -> set[str | None]:
    return {headers.get("host", "").lower(), _place(public_url)} - {"", None}


def _place(url: str) -> str | None:
    """Host and port of an address, as a Host header has them: without a port that is the usual."""
    parts = urlsplit(url)
    usual = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    place = parts.netloc.lower()
    return (place.removesuffix(usual) if usual else place) or None
