"""Files that a page or an endpoint may work on: those that somebody uploaded, and no others.

Gradio itself also takes an address, which it fetches, and a path of the server, which it copies,
wherever a caller writes a file object into an input, and before a handler is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio import utils


class Pages(gr.Blocks):
    """The pages of the app, whose inputs hold no files but uploaded ones."""

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *more: Any) -> list[Any]:
        """Look at the inputs before Gradio does; raises `gr.Error`."""
        for path in paths_in(inputs):
            if not is_upload(path):
                raise gr.Error(
                    f"{path} was not uploaded. Addresses and files of the server are not taken: "
                    "upload the file itself, as handle_file of gradio_client does with a file of "
                    "yours, or send it as a data: URL through MCP.",
                    print_exception=False,
                )
        return await super().preprocess_data(block_fn, inputs, *more)  # type: ignore[no-any-return]


def paths_in(given: Any) -> Iterator[Any]:
    """The path of every file object in an input, however deep."""
    if isinstance(given, dict):
        if "path" in given and "meta" in given:
            yield given["path"]
        for inner in given.values():
            yield from paths_in(inner)
    elif isinstance(given, (list, tuple)):
        for inner in given:
            yield from paths_in(inner)


def is_upload(path: Any) -> bool:
    """Whether this is a path below the folder into which Gradio puts uploads."""
    if not isinstance(path, str) or "://" in path:
        return False
    return utils.is_in_or_equal(path, utils.get_upload_folder())
