"""Adapters to the Hub and back: the files that an adapter needs, a card with its scores, no other.

Weights travel as safetensors alone: a pickle could run code where it is opened.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from db import adapters as stored
from db.engine import reading, writing
from models import catalog
from models.errors import WorkbenchError
from workbench.context import Context
from workbench.hub import names
from workbench.hub.cleaning import Cleaner
from workbench.hub.client import Hub

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
LARGEST = 20_000_000_000


def push(
    ctx: Context,
    hub: Hub,
    name: str,
    repo: str,
    *,
    public: bool = False,
    revision: str = "main",
    dry_run: bool = False,
) -> dict[str, Any]:
    """An adapter of the store, of the catalog or of a folder as one commit.

    Paths, names and tokens are taken out on the way; `cleaned` counts them by file.
    """
    folder, metrics = _find(ctx, name)
    _check(folder)
    at = hub.look(repo, "model", revision)
    with TemporaryDirectory() as temporary:
        out = Path(temporary)
        cleaner = Cleaner((hub.token, str(ctx.home)))
        found = {file.name: cleaner.copy(file, out / file.name) for file in _files(folder)}
        if not (out / names.CARD).exists():
            (out / names.CARD).write_text(cleaner.text(_card(out, metrics, repo)), "utf-8")
        add = [
            file.name
            for file in sorted(out.iterdir())
            if file.name not in at.files or not at.files[file.name].is_same(file)
        ]
        told: dict[str, Any] = {
            "repo": repo,
            "revision": revision,
            "exists": at.exists,
            "private": at.private if at.exists else not public,
            "upload": {path: (out / path).stat().st_size for path in add},
            "cleaned": {path: count for path, count in found.items() if count},
            "pushed": False,
            "url": None,
        }
        if dry_run or not add:
            return told
        if at.exists and not at.private and not public:
            raise WorkbenchError(
                f"{repo} is public: everybody would see it.",
                "Say --public if that is meant, or make it private on the Hub.",
            )
        message = f"Adapter {folder.name} from the Funding Workbench"
        url = hub.commit(at, out, add, [], message, private=not public)
        return told | {"pushed": True, "url": url}


def pull(
    ctx: Context, hub: Hub, repo: str, revision: str = "main", name: str | None = None
) -> dict[str, Any]:
    """An adapter into the home folder and the store, as a candidate; it is whole or not there."""
    at = hub.look(repo, "model", revision)
    if not at.exists:
        raise WorkbenchError(
            f"There is no model {repo}, or the token may not see it.", "Check the name."
        )
    name = name or f"{repo.split('/')[1]}-{(at.sha or '')[:7]}"
    if not names.PART.fullmatch(name):
        raise WorkbenchError(f"{name[:80]!r} is no name.", "Use letters, digits, '-' and '.'.")
    missing = [path for path in (CONFIG, WEIGHTS) if path not in at.files]
    if missing:
        raise WorkbenchError(
            f"{repo} holds no adapter: {' and '.join(missing)} missing.", "Check the name."
        )
    target = ctx.home / "adapters" / name
    if target.exists():
        raise WorkbenchError(f"There is an adapter {name} already.", "Choose another with --name.")
    wanted = [path for path in at.files if names.ADAPTER.fullmatch(path)]
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".hub-", dir=target.parent) as temporary:
        came, whole = Path(temporary) / "came", Path(temporary) / "whole"
        came.mkdir()
        whole.mkdir()
        hub.fetch(at, wanted, came)
        for path in wanted:
            os.replace(came / path, whole / path)
        _check(whole)
        base = catalog.from_folder(whole).base
        os.replace(whole, target)
    sha = _sha(target / WEIGHTS)
    metrics = {"hub": repo, "commit": at.sha}
    with writing(ctx.engine) as session:
        stored.register(session, name, base, str(target), sha, metrics=metrics)
    return {"name": name, "folder": str(target), "base": base, "commit": at.sha, "sha256": sha}


def _find(ctx: Context, name: str) -> tuple[Path, dict[str, Any]]:
    """The folder of an adapter and its figures."""
    with reading(ctx.engine) as session:
        row = stored.find(session, name)
        if row is not None:
            return Path(row.folder), dict(row.metrics)
    shipped = catalog.adapters().get(name)
    if shipped is not None:
        return shipped.path, {}
    if Path(name).is_dir():
        return Path(name).resolve(), {}
    known = ", ".join(catalog.adapters())
    raise WorkbenchError(
        f"There is no adapter {name}.", f"Name one of the store, a folder, or one of: {known}."
    )


def _check(folder: Path) -> None:
    """Raise where the folder holds no LoRA whose files can be read."""
    from safetensors import SafetensorError, safe_open

    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        with safe_open(folder / WEIGHTS, framework="numpy") as file:
            keys = list(file.keys())
    except (OSError, ValueError, SafetensorError) as error:
        raise WorkbenchError(
            f"{folder.name} is no adapter: {error}.", "It needs its config and its weights."
        ) from error
    if not isinstance(config, dict) or not any("lora_" in key for key in keys):
        raise WorkbenchError(f"{folder.name} holds no LoRA.", "Only those are adapters here.")


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.iterdir()):
        is_plain = file.is_file() and not file.is_symlink()
        if is_plain and names.ADAPTER.fullmatch(file.name) and file.stat().st_size < LARGEST:
            yield file


def _card(folder: Path, metrics: dict[str, Any], repo: str) -> str:
    """The model card of an adapter that brings none: base, hash and scores."""
    import yaml

    config = _json(folder / CONFIG)
    base = str(config.get("base_model_name_or_path") or "")
    head: dict[str, Any] = {"library_name": "peft", "tags": ["funding", "lora"]}
    if "/" in base:
        head = {"base_model": base, **head}
    scores = {**_flat(_json(folder / "training.json")), **_flat(metrics)}
    lines = [f"| {name} | {value} |" for name, value in sorted(scores.items())]
    parts = [
        f"---\n{yaml.safe_dump(head, sort_keys=False)}---",
        f"# {repo.split('/')[1]}",
        "A LoRA that finds the funding statements of papers and parses them, trained with the "
        f"Funding Workbench on `{base}`.",
        f"SHA-256 of its weights: `{_sha(folder / WEIGHTS)}`",
    ]
    if lines:
        parts.append("## Training and scores\n\n| | |\n|---|---|\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _flat(told: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested figures as names with dots; long texts and paths are no figures."""
    found: dict[str, str] = {}
    for key, value in told.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            found |= _flat(value, f"{name}.")
        elif isinstance(value, float):
            found[name] = f"{value:.4g}"
        elif isinstance(value, (bool, int)):
            found[name] = str(value)
    return found


def _json(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _sha(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
