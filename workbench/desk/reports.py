"""Reports of quality in the background: asked for again and again, computed once.

One thread computes at a time, never that of a request. A report is kept until a revision or a
reading comes; while the next one is made, the last is shown.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from db.engine import reading
from db.quality import Scope, version
from workbench.desk.quality import Memory, Report, report

if TYPE_CHECKING:
    from sqlalchemy import Engine

log = logging.getLogger(__name__)
KEPT = 16
"""Reports kept, each under its scope."""


@dataclass(slots=True)
class Entry:
    """The report of a scope and how far the next one is. `error` is of the last attempt."""

    report: Report | None = None
    version: tuple[int, int] | None = None
    progress: float = 0.0
    error: str | None = None
    thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        """Whether a thread is at it or waits for its turn."""
        return self.thread is not None and self.thread.is_alive()


class Reports:
    """The reports of one store."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.memory: Memory = {}
        self.entries: OrderedDict[Scope, Entry] = OrderedDict()
        self.lock = threading.Lock()
        self.turn = threading.Lock()

    def ask(self, scope: Scope) -> Entry:
        """What is known of a scope now; begins to compute what is not, and returns at once."""
        with reading(self.engine) as session:
            now = version(session)
        with self.lock:
            entry = self.entries.setdefault(scope, Entry())
            self.entries.move_to_end(scope)
            if entry.version != now and not entry.running:
                entry.progress, entry.error = 0.0, None
                entry.thread = threading.Thread(
                    target=self._compute, args=(scope, entry, now), daemon=True
                )
                entry.thread.start()
            for old in [s for s, e in self.entries.items() if not e.running][:-KEPT]:
                del self.entries[old]
        return entry

    def wait(self, scope: Scope, seconds: float) -> Entry:
        """`ask`, and wait for the report so long. For requests that have a thread of their own."""
        entry = self.ask(scope)
        if entry.thread is not None:
            entry.thread.join(seconds)
        return entry

    def _compute(self, scope: Scope, entry: Entry, now: tuple[int, int]) -> None:
        def tell(share: float) -> None:
            entry.progress = share

        try:
            with self.turn:
                entry.report = report(self.engine, scope, self.memory, tell)
            entry.version = now
        except Exception as error:
            log.exception("quality report")
            entry.error = f"{type(error).__name__}: {error}"
            entry.version = now  # the same store would fail the same way: wait for another
