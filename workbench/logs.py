"""The app's log as a file, and its last errors without what stands in papers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LARGEST = 5_000_000
READ_BYTES = 200_000
ENTRY = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\S* (WARNING|ERROR|CRITICAL) (.*)$")
RAISED = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Timeout)\b)")
PLACE = re.compile(r'^  File ".*?([^/\\"]+)", line (\d+), in (\w+)')
MESSAGE_CHARACTERS = 160


def keep(home: Path) -> None:
    """Write warnings and errors of this process to `logs/app.log`, beside the terminal."""
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / "app.log", maxBytes=LARGEST, backupCount=1)
    handler.setLevel(logging.WARNING)
    handler.setFormatter(logging.Formatter(FORMAT))
    logging.getLogger().addHandler(handler)


def last_errors(folder: Path, most: int = 10) -> tuple[str, ...]:
    """The newest errors and warnings of all logs: when, what the program said, what was raised.

    Of an exception only its kind and place are told: its message may quote a paper.
    """
    found = [entry for path in sorted(folder.glob("*.log")) for entry in _entries(path)]
    return tuple(text for _, text in sorted(found)[-most:])


def _entries(path: Path) -> Iterator[tuple[str, str]]:
    """Time and telling of each entry in the tail of a log."""
    at, told, place = "", "", ""
    for line in _tail(path).splitlines():
        if entry := ENTRY.match(line):
            if told:
                yield at, told
            at, place = entry[1], ""
            told = f"{at} {path.stem}: {entry[3][:MESSAGE_CHARACTERS]}"
        elif told and (where := PLACE.match(line)):
            place = f" at {where[1]}:{where[2]} in {where[3]}"
        elif told and (raised := RAISED.match(line)):
            told += f" [{raised[1]}{place}]"
    if told:
        yield at, told


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - READ_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
