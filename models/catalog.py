"""Which models there are and where their files lie; opens them, downloads nothing."""

from __future__ import annotations

import ctypes
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.backends import Backend, open_backend
from models.errors import ModelUnavailable

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


def bases() -> dict[str, Base]:
    """The catalog's base models by name."""
    tables = _catalog()["bases"]
    return {name: Base(name=name, **table) for name, table in tables.items()}


def default() -> str:
    """The name of the base that is used when none is asked for."""
    return str(_catalog()["default"])


def open_model(model: str | None, cache: Path, threads: int | None = None) -> Backend:
    """Open a model by its name in the catalog, or a GGUF file by its path.

    `cache` is where converted files are kept. Raises `ModelUnavailable`.
    """
    name = model or default()
    if name.endswith(".gguf"):
        return open_backend("gguf", path=Path(name), threads=threads)
    if name.startswith("replay:"):
        return open_backend("replay", path=Path(name.removeprefix("replay:")))
    if name not in bases():
        raise ModelUnavailable(
            f"There is no model {name!r}.",
            f"Give a .gguf file or one of: {', '.join(bases())}.",
        )
    base = bases()[name]
    return open_backend(base.backend, path=prepare(base, cache), name=name, threads=threads)


def prepare(base: Base, cache: Path) -> Path:
    """The base's file in the format that this machine reads fastest, converted at first use.

    The conversion takes some seconds; it is written beside and renamed, so a file that is there
    is whole. Where it fails (a full disk), the original serves.
    """
    source = base.path
    if source is None:
        raise ModelUnavailable(
            f"The package {base.package} that carries {base.title} is not installed.",
            "Install it with pip, or give another model.",
        )
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
