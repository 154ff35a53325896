"""Files of an adapter without what tells of the machine and the people that made it.

Absolute paths, home folders, names of people and hosts, and tokens are replaced or taken out of
JSON and texts; a binary file that holds one is not sent. A file that holds none goes as it is,
byte for byte.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from models import catalog
from models.errors import WorkbenchError

PATH, SECRET = "[local path]", "[removed]"
TEXTS = {".md", ".svg", ".txt", ".jinja"}
VOCABULARIES = {"tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json"}
"""Pieces of words, among them some that look like paths; nothing of a machine is in them."""
BASE = "base_model_name_or_path"
PERSONAL = {
    "actor", "api_key", "apikey", "authorization", "cwd", "email", "hf_token", "home", "host",
    "hostname", "login", "password", "person", "secret", "token", "user", "user_name", "username",
}  # fmt: skip
"""Keys of JSON whose texts are left out."""
ROOTS = (
    "home|Users|root|tmp|var|mnt|media|data|datasets|opt|srv|scratch|private|workspace|work|content"
    "|kaggle|usr|etc|Volumes|gpfs|lustre|nfs|dbfs|proc|run|app|repo"
)
TOKENS = re.compile(
    r"\b(?:hf_\w{16,}|gh[a-z]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{20,}"
    r"|xox[a-z]-[\w-]{10,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)|(?<=Bearer )[\w.~+/-]{8,}"
)
LOCAL = re.compile(
    rf"file://[^\s\"'`<>]+|(?<![\w/.:~<-])(?:~[\w.-]*/|/(?:{ROOTS})/)[^\s\"'`<>|)\]}},;]*"
    r"|(?<![A-Za-z])[A-Za-z]:[\\/][^\s\"'`<>|/][^\s\"'`<>|]*|\\\\[\w.$-]+\\[^\s\"'`<>|]+"
)
WHOLE = re.compile(r"(?:/[^/\n]+){2,}/?|~[\w.-]*(?:/.*)?|[A-Za-z]:[\\/].*|\\\\.+")
"""A text that is a path and nothing else, spaces and all."""


class Cleaner:
    """Copies files; `secrets` are texts that must not leave in whatever place they stand."""

    def __init__(self, secrets: Iterable[str | None] = ()) -> None:
        known = {*secrets, os.environ.get("HF_TOKEN"), str(Path.home()), str(Path.cwd())}
        told = sorted((s for s in known if s and len(s) > 4), key=len, reverse=True)
        self._secrets = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, told)) or '(?!)'})(?!\w)")
        self._found = 0

    def copy(self, file: Path, target: Path) -> int:
        """A clean copy; tells how many values are not as they were."""
        self._found = 0
        if file.name in VOCABULARIES:
            shutil.copyfile(file, target)
        elif file.suffix == ".json":
            self._put(file, target, self._object(file.read_text("utf-8", "replace")))
        elif file.suffix in TEXTS:
            self._put(file, target, self.text(file.read_text("utf-8", "replace")))
        else:
            self._refuse(file)
            shutil.copyfile(file, target)
        return self._found

    def _put(self, file: Path, target: Path, told: str) -> None:
        if self._found:
            target.write_text(told, "utf-8")
        else:
            shutil.copyfile(file, target)

    def text(self, told: str) -> str:
        """A text with each path and token told as one that was there."""
        told, tokens = TOKENS.subn(SECRET, told)
        told, paths = LOCAL.subn(PATH, told)
        told, secrets = self._secrets.subn(SECRET, told)
        self._found += tokens + paths + secrets
        return told

    def _object(self, told: str) -> str:
        try:
            found = json.loads(told)
        except ValueError:
            return self.text(told)
        return json.dumps(self._json(found), indent=2, ensure_ascii=False) + "\n"

    def _json(self, told: Any) -> Any:
        if isinstance(told, str):
            return self._value(told)
        if isinstance(told, list):
            return [self._json(value) for value in told]
        if not isinstance(told, dict):
            return told
        kept = {}
        for key, value in told.items():
            if key.lower() in PERSONAL and isinstance(value, str):
                self._found += 1
            elif key == BASE and isinstance(value, str):
                kept[key] = self._base(value)
            else:
                kept[self._value(key)] = self._json(value)
        return kept

    def _value(self, told: str) -> str:
        if WHOLE.fullmatch(told):
            self._found += 1
            return PATH
        return self.text(told)

    def _base(self, told: str) -> str:
        """The base's own name where a path ends with it."""
        clean = self._value(told)
        last = re.split(r"[\\/]", told.rstrip("\\/"))[-1]
        return last if clean != told and last in catalog.bases() else clean

    def _refuse(self, file: Path) -> None:
        """Raise where what a binary file says of itself holds a path or a token."""
        with file.open("rb") as source:
            start = source.read(1 << 20)
            if file.suffix == ".safetensors":
                size = int.from_bytes(start[:8], "little")
                source.seek(8)
                start = source.read(min(size, 1 << 26))
        before, told = self._found, start.decode("utf-8", "replace")
        if file.suffix == ".safetensors":
            self._json(json.loads(told).get("__metadata__") or {})
        else:
            self._found += bool(self._secrets.search(told) or TOKENS.search(told))
        if self._found > before:
            raise WorkbenchError(
                f"{file.name} holds a path of this machine, a name or a token.",
                "Write the file again without its metadata, then push.",
            )
