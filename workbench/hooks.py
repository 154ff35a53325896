"""Sends what webhooks are owed: signed, in order, again and again until it is taken or given up.

The signature is that of the Standard Webhooks: HMAC-SHA256 over number, time and body. A delivery
may come twice when the app is killed in between; its number tells.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from db import hooks
from db.engine import reading, writing
from db.hooks import SECRET_PREFIX, Due
from models.errors import WorkbenchError
from workbench.addresses import NotAllowedAddress, Target, target
from workbench.context import Context

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
PRUNE_SECONDS = 3600.0
TIMEOUT_SECONDS = 10.0
IN_FLIGHT = 4
GONE = 410


class Outcome(NamedTuple):
    """How an attempt went; `final` means that another would be of no use."""

    status_code: int | None
    error: str | None
    final: bool = False


class Sender:
    """A thread beside the app that delivers, a few at a time."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._busy: set[int] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="hooks")
        self._thread = threading.Thread(target=self._run, name="hooks", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is not sent is sent after the next start."""
        self._stopping.set()
        self._thread.join(timeout=LOOK_SECONDS * 2)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        pruned = 0.0
        while not self._stopping.wait(LOOK_SECONDS):
            try:
                self._look()
                if time.monotonic() - pruned > PRUNE_SECONDS:
                    pruned = time.monotonic()
                    with writing(self._ctx.engine) as session:
                        hooks.prune(session)
            except WorkbenchError as error:  # a full disk, a busy store: look again later
                log.warning("webhooks: %s", error)
            except Exception:
                log.exception("webhooks cannot be sent")

    def _look(self) -> None:
        with self._lock:
            busy = set(self._busy)
        if len(busy) >= IN_FLIGHT:
            return
        with reading(self._ctx.engine) as session:
            found = hooks.due(session, IN_FLIGHT - len(busy), busy)
        for one in found:
            with self._lock:
                self._busy.add(one.hook.id)
            self._pool.submit(self._deliver, one)

    def _deliver(self, one: Due) -> None:
        try:
            outcome = attempt(one, self._ctx.settings.hooks_private)
            with writing(self._ctx.engine) as session:
                hooks.note(session, one.delivery.id, *outcome)
        except Exception:
            log.exception("delivery %s", one.delivery.id)
        finally:
            with self._lock:
                self._busy.discard(one.hook.id)


def attempt(one: Due, inside: bool) -> Outcome:
    """Send a delivery once. No redirect is followed: it could lead where nobody looked."""
    try:
        place = target(one.hook.url, inside)
    except NotAllowedAddress as error:
        return Outcome(None, str(error))
    body = json.dumps(one.delivery.body, ensure_ascii=False, separators=(",", ":")).encode()
    headers = signed(one.hook.secret, f"wb_{one.delivery.id}", int(time.time()), body)
    try:
        code = _post(place, body, headers)
    except httpx.HTTPError as error:
        return Outcome(None, f"{type(error).__name__}: {error}")
    if 200 <= code < 300:
        return Outcome(code, None)
    told = "it redirects, which is not followed" if 300 <= code < 400 else "it refused"
    return Outcome(code, f"The receiver said {code}: {told}.", final=code == GONE)


def signed(secret: str, number: str, at: int, body: bytes) -> dict[str, str]:
    """The headers of a delivery: who it is, when it was sent, and the proof that we sent it.

    The proof is base64 of HMAC-SHA256 over `number.at.body`, keyed by the secret's bytes; `at` is
    in seconds since 1970.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    proof = hmac.new(key, f"{number}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "user-agent": "funding-workbench",
        "webhook-id": number,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(proof).decode()}",
    }


def _post(place: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """POST to the address that was judged, under the name that was asked for; the reply's code."""
    parts = urlsplit(place.url)
    address = f"[{place.address}]" if ":" in place.address else place.address
    host = f"{address}:{parts.port}" if parts.port else address
    extensions: dict[str, Any] = {"sni_hostname": place.host}
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream(
            "POST",
            parts._replace(netloc=host, fragment="").geturl(),
            content=body,
            headers={**headers, "host": parts.netloc},
            extensions=extensions,
        ) as reply,
    ):
        return reply.status_code  # its body is not read, however long
