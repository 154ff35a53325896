"""Published models that are a base and LoRA adapters put on it one after the other.

A chain names its base, its adapters in their order and what its chat template is told. The files
are the user's own: nothing is downloaded. Each adapter is merged before the next one is put on,
because the next one's deltas are relative to what came before it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.backends import DEFAULT_TASKS, Backend
from models.errors import ModelUnavailable, UnusableAdapter
from models.peft_files import CONFIG, WEIGHTS, refuse_unfit, renaming

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

WHOLE = "."
"""The adapter's name where it lies in the adapter folder itself, not in a subfolder."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A model of the catalog. `adapters` are subfolders of the adapter folder, in their order.

    `base` and `repo` are ids on the Hugging Face hub, `repo` that of the adapters ("": not known,
    or the base is the whole model). `architecture` is the base's `model_type`. `template` are
    arguments of the chat template; `prompt` stands for the template where a model was trained
    without one: a text with `{system}` and `{user}`. `context` is how many tokens it was trained
    to read and write, None where the base's own limit holds. `stages` are those it was trained on.
    """

    name: str
    title: str
    base: str
    architecture: str
    license: str
    repo: str = ""
    adapters: tuple[str, ...] = ()
    tasks: tuple[str, str] = DEFAULT_TASKS
    stages: tuple[str, ...] = ("statements", "funders")
    template: Mapping[str, Any] = field(default_factory=dict)
    prompt: str | None = None
    context: int | None = None
    revision: str = "main"
    note: str = ""

    @property
    def adapter(self) -> str | None:
        """What stands for the adapters in the provenance of a proposal."""
        if not self.adapters:
            return None
        parts = [part for part in self.adapters if part != WHOLE]
        return "+".join([self.name, *parts])


@dataclass(frozen=True, slots=True)
class Files:
    """Where a chain's files lie; `adapters` is None for a chain that has none."""

    base: Path
    adapters: Path | None


def chains() -> dict[str, Chain]:
    """The catalog's chains by name."""
    path = Path(__file__).parent / "catalog.toml"
    tables: dict[str, dict[str, Any]] = tomllib.loads(path.read_text("utf-8")).get("chains", {})
    return {name: _chain(name, table) for name, table in tables.items()}


def _chain(name: str, table: Mapping[str, Any]) -> Chain:
    given: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return Chain(name=name, **given)


def named(name: str) -> Chain | None:
    """The chain of that name, or of that repository on the hub."""
    known = chains()
    return known.get(name) or next((c for c in known.values() if name and name == c.repo), None)


def locate(chain: Chain, folder: Path | None) -> Files:
    """Where the chain's files are: `folder`/NAME/base and `folder`/NAME/adapter, else the hub's
    local cache. Raises `ModelUnavailable` naming what is missing and where it was looked for.
    """
    base = locate_base(chain, folder)
    if not chain.adapters:
        return Files(base, None)
    own = folder / chain.name / "adapter" if folder else None
    adapters = _whole(own, chain.repo, chain.revision)
    for name in chain.adapters:
        refuse_missing(chain, adapters, name)
    return Files(base, adapters)


def locate_base(chain: Chain, folder: Path | None) -> Path:
    """Where the chain's base is, whether or not its adapters are there. Raises as `locate`."""
    own = folder / chain.name / "base" if folder else None
    return _whole(own, chain.base, chain.revision)


def is_installed(chain: Chain, folder: Path | None) -> bool:
    """Whether all files of the chain were found."""
    try:
        files = locate(chain, folder)
    except ModelUnavailable:
        return False
    return (files.base / "config.json").is_file()


def open_chain(chain: Chain, folder: Path | None) -> Backend:
    """The chain as a backend. Raises `ModelUnavailable`."""
    from models.backends import open_backend

    files = locate(chain, folder)
    return open_backend("hf", path=files.base, adapters=files.adapters, chain=chain)


def load(
    chain: Chain,
    base_folder: Path,
    adapters_folder: Path | None,
    order: Sequence[str] | None = None,
    *,
    dtype: str = "auto",
    device: str | None = None,
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The base with every adapter merged in the chain's order, and the base's tokenizer.

    `order` is what the caller believes the order to be; another one is refused. `dtype` is a
    torch type by name, "auto" that of the files; `device` None is a GPU where there is one.
    Raises `ModelUnavailable` for another order, a missing folder, an adapter that does not fit,
    and for weights that memory does not hold.
    """
    folders = ordered(chain, adapters_folder, order)
    prove_order(folders)
    refuse_foreign_base(chain, base_folder)
    refuse_without_libraries(chain.title)
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return _merged(base_folder, folders, _dtype(dtype), device)
    except torch.OutOfMemoryError as error:
        raise ModelUnavailable(
            f"{chain.title} does not fit the memory of {device}.", "Use a smaller model."
        ) from error
    except (ImportError, OSError, ValueError) as error:
        raise ModelUnavailable(
            f"{chain.title} could not be loaded: {error}.",
            "Install 'funding-workbench[train]', or fetch the model's files again.",
        ) from error


def refuse_without_libraries(title: str) -> None:
    """Raise `ModelUnavailable` where what opens a transformers folder is not installed."""
    if not all(map(importlib.util.find_spec, ("torch", "transformers", "peft"))):
        raise ModelUnavailable(
            f"{title} needs torch, transformers and peft.",
            "pip install 'funding-workbench[train]'",
        )


def _merged(
    base: Path, adapters: Sequence[Path], dtype: Any, device: str
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The base with each adapter put on and merged before the next; and its tokenizer."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=dtype, local_files_only=True)
    model.to(device)
    for folder in adapters:
        layers = dict(model.named_modules())
        refuse_unfit(folder, layers)
        peft: Any = PeftModel.from_pretrained(
            model, folder, key_mapping=renaming(folder, layers), torch_device=device
        )
        try:
            model = peft.merge_and_unload(safe_merge=True)
        except ValueError as error:
            raise UnusableAdapter(
                f"The adapter {folder} cannot be merged: {error}", "Train it again."
            ) from error
    return model.eval(), tokenizer


def ordered(
    chain: Chain, adapters_folder: Path | None, order: Sequence[str] | None = None
) -> list[Path]:
    """The adapters' folders as they are merged. Raises `ModelUnavailable` for another order."""
    if order is not None and tuple(order) != chain.adapters:
        raise ModelUnavailable(
            f"{chain.name} is {_told(chain.adapters)}, not {_told(order)}: each adapter's deltas "
            "are relative to the weights with those before it merged.",
            "Leave the order out; the catalog's is taken.",
        )
    if not chain.adapters:
        return []
    if adapters_folder is None:
        raise ModelUnavailable(f"The folder with the adapters of {chain.name} is not given.")
    for name in chain.adapters:
        refuse_missing(chain, adapters_folder, name)
    return [adapters_folder / name for name in chain.adapters]


def prove_order(folders: Sequence[Path]) -> bool:
    """Whether the adapters' own cards prove that they belong in this order.

    An adapter trained on top of another names the sha256 of the other's weights as `parent` in
    its training.json. Raises `ModelUnavailable` where that is not the one before; False where a
    card is missing or names no hash, as with adapters made elsewhere. One that goes on from
    another names it as `{"name", "sha256"}`: it holds what that had learned, and is not put on it.
    """
    before: Path | None = None
    proven = bool(folders)
    for folder in folders:
        told = _parent(folder)
        if before is not None and _goes_on_from(folder) == _sha256(before / WEIGHTS):
            raise ModelUnavailable(
                f"The adapter {folder.name} cannot be put on {before.name}: it goes on from it and "
                "holds what that had learned.",
                f"Leave {before.name} out.",
            )
        if told is not None and told != (before and _sha256(before / WEIGHTS)):
            wrong = f"on {before.name}" if before else "first"
            raise ModelUnavailable(
                f"The adapter {folder.name} cannot be put {wrong}: it was trained on top of "
                f"the adapter with the sha256 {told[:12]}…",
                "Name the adapters in the order in which they were trained.",
            )
        proven = proven and (before is None or told is not None)
        before = folder
    return proven


def refuse_missing(chain: Chain, adapters: Path, name: str) -> None:
    """Raise `ModelUnavailable` where an adapter of the chain is not whole."""
    missing = [file for file in (CONFIG, WEIGHTS) if not (adapters / name / file).is_file()]
    if missing:
        what = f"the subfolder {name!r}" if name != WHOLE else "the adapter"
        raise ModelUnavailable(
            f"{chain.name} lacks {what}: there is no {missing[0]} in {adapters / name}.",
            f"Fetch {chain.repo or 'the adapter'} whole; it is {_told(chain.adapters)}.",
        )


def refuse_foreign_base(chain: Chain, base: Path) -> None:
    """Raise `ModelUnavailable` where the base is missing or of another architecture."""
    kind = model_type(base)
    if not kind:
        raise ModelUnavailable(
            f"The base of {chain.name} is missing: {base} holds no readable config.json.",
            f"Put a copy of {chain.base} there, or a link to it.",
        )
    if kind != chain.architecture:
        raise ModelUnavailable(
            f"{base} holds a {kind} model; {chain.name} is made for {chain.architecture}.",
            f"Put a copy of {chain.base} there, or a link to it.",
        )


def model_type(base: Path) -> str:
    """What transformers calls the architecture of a model's folder, "" where it is none."""
    try:
        config = json.loads((base / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    kind = config.get("model_type") if isinstance(config, dict) else None
    return str(kind or "").removesuffix("_text")


def _told(adapters: Sequence[str]) -> str:
    names = ["the adapter" if name == WHOLE else name for name in adapters]
    return ", then ".join(names) or "the base alone"


def _whole(own: Path | None, repo: str, revision: str) -> Path:
    """The user's own folder where it exists, else the hub's cache. Raises `ModelUnavailable`."""
    if own is not None and own.is_dir():
        return own
    cached = _cached(repo, revision)
    if cached is not None:
        return cached
    told = f" and {repo} is not in the cache of the Hugging Face hub" if repo else ""
    where = f"There is no folder {own}" if own else "No folder of chains is set"
    raise ModelUnavailable(
        f"{where}{told}.",
        f"Put {repo or 'the model'} there, or a link to it; see docs/models.md.",
    )


def _cached(repo: str, revision: str) -> Path | None:
    """A repository's snapshot in the local cache of the hub, if it was fetched before."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    entry = cache / f"models--{repo.replace('/', '--')}"
    reference = entry / "refs" / revision
    commit = reference.read_text("utf-8").strip() if repo and reference.is_file() else revision
    snapshot = entry / "snapshots" / commit
    return snapshot if repo and snapshot.is_dir() else None


def _dtype(name: str) -> Any:
    import torch

    if name == "auto":
        return name
    known = getattr(torch, name, None)
    if not isinstance(known, torch.dtype):
        raise ModelUnavailable(f"There is no number type {name!r}.", "Try bfloat16 or float32.")
    return known


def _parent(folder: Path) -> str | None:
    """The sha256 of the adapter that this one was trained on top of, where its card says so."""
    told = _told_parent(folder)
    is_hash = isinstance(told, str) and re.fullmatch("[0-9a-f]{64}", told)
    return str(told) if is_hash else None


def _goes_on_from(folder: Path) -> str | None:
    told = _told_parent(folder)
    sha256 = told.get("sha256") if isinstance(told, dict) else None
    return sha256 if isinstance(sha256, str) else None


def _told_parent(folder: Path) -> object:
    try:
        card = json.loads((folder / "training.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return card.get("parent") if isinstance(card, dict) else None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
