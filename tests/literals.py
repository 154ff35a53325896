"""Texts that stand in source: of JavaScript by a small reader of its own, of Python by `ast`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BEFORE_REGEX = set("(,=:[!&|?{};\n>")


@dataclass(frozen=True, slots=True)
class Literal:
    """A text in the source, `{}` for what is put in, and the code before it."""

    path: Path
    line: int
    text: str
    before: str


class Reader:
    """Finds the strings and templates of JavaScript, past comments and regular expressions."""

    def __init__(self, path: Path) -> None:
        self.path, self.source = path, path.read_text("utf-8")
        self.found: list[Literal] = []

    def literals(self) -> list[Literal]:
        self._code(0, "")
        return self.found

    def _code(self, at: int, end: str) -> int:
        last, depth, size = "(", 0, len(self.source)
        while at < size:
            sign = self.source[at]
            if sign == end and depth == 0:
                return at
            depth += (sign == "{") - (sign == "}")
            if (after := self._skipped(at, last)) > at:
                at = after
                if sign in "\"'`" or self.source[at - 1] != "\n":
                    last = "x"
                continue
            if not sign.isspace():
                last = sign
            at += 1
        return at

    def _skipped(self, at: int, last: str) -> int:
        """Where what begins here ends: a comment, a text or a regular expression."""
        sign = self.source[at]
        if self.source.startswith("//", at):
            end = self.source.find("\n", at)
            return len(self.source) if end < 0 else end
        if self.source.startswith("/*", at):
            return self.source.find("*/", at) + 2
        if sign in "\"'":
            return self._plain(at, sign)
        if sign == "`":
            return self._template(at)
        if sign == "/" and last in BEFORE_REGEX:
            return self._regex(at)
        return at

    def _keep(self, at: int, text: str) -> None:
        line = self.source.count("\n", 0, at) + 1
        before = self.source[max(0, at - 60) : at]
        self.found.append(Literal(self.path, line, text, before))

    def _plain(self, at: int, quote: str) -> int:
        end = at + 1
        while self.source[end] != quote:
            end += 2 if self.source[end] == "\\" else 1
        self._keep(at, self.source[at + 1 : end])
        return end + 1

    def _template(self, at: int) -> int:
        text, end = "", at + 1
        while self.source[end] != "`":
            if self.source.startswith("${", end):
                text += "{}"
                end = self._code(end + 2, "}") + 1
            else:
                width = 2 if self.source[end] == "\\" else 1
                text += self.source[end : end + width]
                end += width
        self._keep(at, text)
        return end + 1

    def _regex(self, at: int) -> int:
        end, within = at + 1, False
        while self.source[end] != "/" or within:
            if self.source[end] == "\\":
                end += 1
            elif self.source[end] in "[]":
                within = self.source[end] == "["
            end += 1
        return end + 1


def of_javascript(root: Path) -> Iterator[Literal]:
    """The texts of every hand-written module."""
    for path in sorted(root.rglob("*.js")):
        if "pdfjs" not in path.parts:
            yield from Reader(path).literals()


def text_of(node: ast.AST) -> str | None:
    """A string or an f-string with `{}` for what is put in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or "{}" for part in node.values)
    return None


def of_python(root: Path) -> Iterator[tuple[Path, ast.AST, str]]:
    """Every text of the modules below a folder, without the docstrings."""
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        parts = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        for node in ast.walk(tree):
            text = text_of(node)
            if text is not None and id(node) not in told | parts:
                yield path, node, text
