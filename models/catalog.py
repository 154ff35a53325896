"""Which models there are and where their files lie; opens them, downloads nothing."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from models import calibration, chains, foundations
from models.backends import DEFAULT_TASKS, Backend, open_backend
from models.errors import ModelUnavailable, UnusableAdapter

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib


@dataclass(frozen=True, slots=True)
class Base:
    """A base model of the catalog. `requantize` names the format it is converted to once."""

    name: str
    title: str
    backend: str
    license: str
    source: str
    package: str
    file: str
    requantize: str | None = None

    @property
    def path(self) -> Path | None:
        """The file inside the installed package, None where that is missing."""
        spec = importlib.util.find_spec(self.package)
        folders = spec.submodule_search_locations if spec else None
        path = Path(folders[0]) / self.file if folders else None
        return path if path and path.is_file() else None


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter: a PEFT folder, merged into its base at first use as `kind`.

    One over a transformers folder is merged each time it is opened.

    `tasks` are the tasks, stage 1 and 2, whose prompts it was trained on.
    """

    name: str
    title: str
    base: str
    folder: str
    license: str
    tasks: tuple[str, str]
    kind: str = "Q8_0"

    @property
    def path(self) -> Path:
        """The folder inside this package."""
        return Path(__file__).parent / self.folder

    @property
    def version(self) -> str:
        """First digits of the weights' sha256: what was said is remembered with them."""
        weights = self.path / "adapter_model.safetensors"
        return _digest(weights, weights.stat().st_mtime_ns)[:12]


@lru_cache(maxsize=8)
def _digest(path: Path, changed: int) -> str:
    """The sha256 of a file, read anew only when it changed: it is asked for again and again."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def adapters() -> dict[str, Adapter]:
    """The catalog's adapters by name."""
    tables = _catalog()["adapters"]
    return {
        name: Adapter(name=name, **{**table, "tasks": tuple(table["tasks"])})
        for name, table in tables.items()
    }


def from_folder(folder: Path) -> Adapter:
    """An adapter that lies outside the catalog. Raises `UnusableAdapter` for an unknown base.

    It answers the tasks that its `training.json` names; without one it is taken to be trained like
    the catalog's adapter of the same base, or for the base's own tasks.
    """
    try:
        config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
        base = config["base_model_name_or_path"]
        (folder / "adapter_model.safetensors").stat()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableAdapter(
            f"The adapter {folder} cannot be read: its files are damaged or missing ({error}).",
            "Choose or train another.",
        ) from error
    like = next((a for a in adapters().values() if a.base == base), None) or _over(base)
    if like is None:
        raise UnusableAdapter(
            f"The adapter {folder} is made for {base!r}, which is not in the catalog and is no "
            "folder with a model.",
            f"Known bases: {', '.join((*bases(), *chains.chains()))}. Where the base was moved, "
            "put it back, or name its folder as base_model_name_or_path in adapter_config.json.",
        )
    tasks = _card(folder).get("tasks") or like.tasks
    return replace(
        like,
        name=folder.resolve().name,
        title=str(folder),
        folder=str(folder.resolve()),
        tasks=tuple(tasks),
    )


def _over(base: object) -> Adapter | None:
    """What is known of an adapter by its base alone: that of a chain, or a transformers folder."""
    name = base if isinstance(base, str) else ""
    if (chain := foundations.chain_of(name)) is not None:
        return Adapter(chain.name, chain.title, chain.name, "", "", chain.tasks)
    if Path(name).is_absolute() and (Path(name) / "config.json").is_file():
        return Adapter(name, name, name, "", "", DEFAULT_TASKS)
    return None


def _card(folder: Path) -> dict[str, Any]:
    """What the trainer wrote beside an adapter, empty where there is nothing to read."""
    try:
        told = json.loads((folder / "training.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def listing(folder: Path | None = None) -> list[dict[str, str | bool]]:
    """The models that can be opened by name, adapters first, as rows for people and programs.

    `folder` is where the files of the chains lie (`models.chains`).
    """
    named = bases()
    known: list[tuple[Adapter | Base, Base]] = [(a, named[a.base]) for a in adapters().values()]
    known += [(base, base) for base in named.values()]
    own: list[dict[str, str | bool]] = [
        {
            "name": model.name,
            "title": model.title,
            "default": model.name == default(),
            "base": base.name,
            "installed": base.path is not None,
            "license": model.license,
        }
        for model, base in known
    ]
    return own + [
        {
            "name": chain.name,
            "title": chain.title,
            "default": False,
            "base": chain.base,
            "installed": chains.is_installed(chain, folder),
            "license": chain.license,
        }
        for chain in chains.chains().values()
    ]


def bases() -> dict[str, Base]:
    """The catalog's base models by name."""
    tables = _catalog()["bases"]
    return {name: Base(name=name, **table) for name, table in tables.items()}


def default() -> str:
    """The name of the model that is used when none is asked for."""
    return str(_catalog()["default"])


def default_base() -> str:
    """The name of the base under the default model."""
    known = adapters().get(default())
    return known.base if known else default()


def open_model(
    model: str | None, cache: Path, threads: int | None = None, folder: Path | None = None
) -> Backend:
    """Open a model by its name in the catalog, or a GGUF file, a PEFT or a transformers folder.

    `cache` is where converted files are kept, `folder` where those of the chains lie.
    Raises `ModelUnavailable`.
    """
    name = model or default()
    if name.endswith(".gguf"):
        return open_backend("gguf", path=Path(name), threads=threads)
    if name.startswith("replay:"):
        return open_backend("replay", path=Path(name.removeprefix("replay:")))
    if name in adapters():
        return _open_adapter(adapters()[name], cache, threads, folder)
    if (Path(name) / "adapter_config.json").is_file():
        return _open_adapter(from_folder(Path(name)), cache, threads, folder)
    if (chain := chains.named(name)) is not None:
        return chains.open_chain(chain, folder)
    if (Path(name) / "config.json").is_file():
        return open_backend("hf", path=Path(name))
    if name not in bases():
        known = ", ".join([*adapters(), *bases(), *chains.chains()])
        raise ModelUnavailable(f"There is no model {name!r}.", f"Give a .gguf file or: {known}.")
    base = bases()[name]
    return open_backend(base.backend, path=prepare(base, cache), name=name, threads=threads)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The file that opening a model reads; None for one without a single file."""

    name: str
    adapter: str | None
    path: Path | None
    made_at_first_use: bool = False


def model_file(model: str | None, cache: Path) -> ModelFile:
    """What `open_model` would open, without opening or making it. Raises `UnusableAdapter`."""
    name = model or default()
    if name.endswith(".gguf"):
        return ModelFile(Path(name).stem, None, Path(name))
    chosen = adapters().get(name)
    if chosen is None and (Path(name) / "adapter_config.json").is_file():
        chosen = from_folder(Path(name))
    if chosen is not None and chosen.base not in bases():
        called = f"{chosen.name}@{chosen.version}"
        return ModelFile(chosen.base, called, chosen.path / "adapter_model.safetensors")
    if chosen is not None:
        path = cache / f"{chosen.name}.{chosen.version}.{chosen.kind}.gguf"
        return ModelFile(chosen.base, f"{chosen.name}@{chosen.version}", path, True)
    base = bases().get(name)
    if base is None:
        found = next(iter(sorted(Path(name).glob("*.safetensors"))), None)
        return ModelFile(name, None, found)
    if base.requantize is None:
        return ModelFile(name, None, base.path)
    return ModelFile(name, None, cache / f"{name}.{base.requantize}.gguf", True)


def _open_adapter(
    adapter: Adapter, cache: Path, threads: int | None, folder: Path | None
) -> Backend:
    told: dict[str, Any] = {
        "adapter": f"{adapter.name}@{adapter.version}",
        "calibration": calibration.load(adapter.path / calibration.FILE),
    }
    base = bases().get(adapter.base)
    if base is None:
        below = foundations.find(adapter.base, folder)
        chain = below.with_adapter(adapter.tasks)
        return open_backend("hf", path=below.path, adapters=adapter.path, chain=chain, **told)
    return open_backend(
        base.backend,
        path=prepare_adapter(adapter, cache),
        name=base.name,
        threads=threads,
        tasks=adapter.tasks,
        **told,
    )


def prepare_adapter(adapter: Adapter, cache: Path) -> Path:
    """The adapter merged into its base, made at first use in some seconds.

    Older merges of the same adapter are deleted. Raises `ModelUnavailable`.
    """
    from models.merging import merge

    source = _package_file(bases()[adapter.base])
    target = cache / f"{adapter.name}.{adapter.version}.{adapter.kind}.gguf"
    if target.is_file():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        merge(source, adapter.path, target, adapter.kind)
    except OSError as error:
        raise ModelUnavailable(
            f"The model could not be written to {cache}: {error.strerror or error}.",
            "It takes 150 MB; free some space or set WORKBENCH_HOME to another folder.",
        ) from error
    for old in cache.glob(f"{adapter.name}.*.gguf"):
        if old != target:
            old.unlink(missing_ok=True)
    return target


def try_out(adapter: Adapter, cache: Path, folder: Path | None = None) -> None:
    """Merge the adapter as it will be used. Raises `ModelUnavailable` where that cannot be."""
    if adapter.base in bases():
        prepare_adapter(adapter, cache)
    else:
        _open_adapter(adapter, cache, None, folder).close()


def refuse_missing_base(adapter: Adapter, folder: Path | None = None) -> None:
    """Raise `ModelUnavailable` where the files or libraries of the adapter's base are missing."""
    if adapter.base in bases():
        _package_file(bases()[adapter.base])
        return
    foundations.refuse_unready(foundations.find(adapter.base, folder))
    chains.refuse_without_libraries(adapter.title)


def prepare(base: Base, cache: Path) -> Path:
    """The base's file in the format that this machine reads fastest, converted at first use.

    The conversion takes some seconds; it is written beside and renamed, so a file that is there
    is whole. Where it fails (a full disk), the original serves.
    """
    source = _package_file(base)
    if base.requantize is None:
        return source
    target = cache / f"{base.name}.{base.requantize}.gguf"
    if target.is_file():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        return requantize(source, target, base.requantize)
    except OSError:
        return source


def _package_file(base: Base) -> Path:
    path = base.path
    if path is None:
        raise ModelUnavailable(
            f"The package {base.package} that carries {base.title} is not installed.",
            "Install it with pip, or give another model.",
        )
    return path


def requantize(source: Path, target: Path, kind: str) -> Path:
    """Convert a GGUF file to another quantization. Raises `OSError` when it cannot be written."""
    import llama_cpp as api

    from models.llama import silence

    silence(api)
    params = api.llama_model_quantize_default_params()
    params.ftype = getattr(api, f"LLAMA_FTYPE_MOSTLY_{kind}")
    params.allow_requantize = True
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        status = api.llama_model_quantize(
            str(source).encode(), str(partial).encode(), ctypes.byref(params)
        )
        if status != 0:
            raise OSError(f"llama.cpp could not write {partial}")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _catalog() -> dict[str, Any]:
    path = Path(__file__).parent / "catalog.toml"
    tables: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
    return tables
