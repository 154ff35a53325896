"""An adapter merged into a base model's GGUF file, and a GGUF base as weights to train on.

Merged weights read a prompt half again as fast as the same adapter beside the base, and the file
is made in seconds at first start, so that only the small adapter is shipped. Needs numpy and the
`gguf` package, no torch.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import UnusableAdapter

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float32]]

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""Linear layers of a Llama as transformers calls them, and as GGUF does."""

_KEY = re.compile(r"(?:.*\.)?layers\.(\d+)\.(\S+?)\.lora_(A|B)\.(?:default\.)?weight")


def merge(base: Path, adapter: Path, target: Path, kind: str = "Q8_0") -> Path:
    """Write `base` with the adapter's weights added in, its linear layers quantized as `kind`.

    `adapter` is a PEFT folder. The file is written beside and renamed: one that is there is whole.
    Raises `UnusableAdapter` when the adapter is damaged or made for another model, `OSError` when
    the file cannot be written.
    """
    import gguf

    reader = gguf.GGUFReader(base)
    deltas = dict(read_deltas(adapter, _head_counts(reader)))
    _refuse_foreign(deltas, reader)
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    quantization = gguf.GGMLQuantizationType[kind]
    try:
        writer = _copy_header(reader, partial, kind)
        for tensor in reader.tensors:
            delta = deltas.get(tensor.name)
            if delta is None and not tensor.name.endswith(".weight"):
                writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
                continue
            writer.add_tensor(*_converted(tensor, delta, quantization))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _converted(tensor: Any, delta: Array | None, kind: Any) -> tuple[Any, ...]:
    """Arguments of `add_tensor`: name, data, shape (None: the data's), type."""
    import gguf

    is_layer = tensor.name.startswith("blk.") and len(tensor.shape) == 2
    if not is_layer:
        return tensor.name, tensor.data, None, tensor.tensor_type
    weights = gguf.dequantize(tensor.data, tensor.tensor_type)
    if delta is not None:
        weights = weights + delta
    return tensor.name, gguf.quantize(weights, kind), None, kind


def read_deltas(adapter: Path, heads: tuple[int, int]) -> Iterator[tuple[str, Array]]:
    """What a PEFT adapter adds to each GGUF tensor: scale x B x A, shape (out, in), float32.

    `heads` are the numbers of query and key heads: GGUF keeps the rows of these two layers in the
    order of llama.cpp's rotary embedding, transformers in its own. Raises `UnusableAdapter`.
    """
    weights, scale = _read(adapter)
    for (layer, part), (a, b) in sorted(_pairs(weights).items()):
        name = f"blk.{layer}.{part}.weight"
        try:
            delta = scale * (b.astype("float32") @ a.astype("float32"))
            if part in ("attn_q", "attn_k"):
                delta = _to_llama_order(delta, heads[part == "attn_k"])
        except ValueError as error:  # halves that cannot be multiplied, rows that are no heads
            raise _foreign(name) from error
        _refuse_astray(delta, name)
        yield name, delta


def _read(adapter: Path) -> tuple[Mapping[str, Array], float]:
    """The adapter's matrices by their keys, and what their products are multiplied by."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        config = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
        scale = config["lora_alpha"] / (config["r"] ** (0.5 if config.get("use_rslora") else 1))
        return load_file(adapter / "adapter_model.safetensors"), scale
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError, SafetensorError) as error:
        raise UnusableAdapter(
            f"The adapter {adapter} cannot be read: its files are damaged or cut short ({error}).",
            "Choose or train another.",
        ) from error


def _refuse_astray(delta: Array, name: str) -> None:
    """Quantized layers are scaled by float16: what that cannot hold would read as no number."""
    import numpy as np

    if not np.abs(delta).max(initial=0.0) <= np.finfo(np.float16).max:  # NaN is not, either
        raise UnusableAdapter(
            f"The adapter's weights are no numbers or far too large ({name}): "
            "its training went astray.",
            "Train it again with a lower learning rate.",
        )


def _foreign(name: str) -> UnusableAdapter:
    return UnusableAdapter(
        f"The adapter does not fit this base model ({name}).",
        "Use the base that it was trained on.",
    )


def _pairs(weights: Mapping[str, Any]) -> dict[tuple[int, str], tuple[Any, Any]]:
    halves: dict[tuple[int, str], dict[str, Any]] = {}
    for key, value in weights.items():
        match = _KEY.fullmatch(key)
        part = _NAMES.get(match.group(2)) if match else None
        if match is None or part is None:
            raise UnusableAdapter(
                f"The adapter changes {key}, which cannot be merged.", "Train the linear layers."
            )
        halves.setdefault((int(match.group(1)), part), {})[match.group(3)] = value
    if broken := [key for key, pair in halves.items() if set(pair) != {"A", "B"}]:
        raise UnusableAdapter(f"The adapter lacks half of layer {broken[0]}.", "Train it again.")
    return {key: (pair["A"], pair["B"]) for key, pair in halves.items()}


def _to_llama_order(weights: Array, heads: int) -> Array:
    """Rows of a query or key layer from transformers' order of rotary halves to llama.cpp's."""
    rows, columns = weights.shape
    halves = weights.reshape(heads, 2, rows // heads // 2, columns)
    ordered: Array = halves.swapaxes(1, 2).reshape(rows, columns)
    return ordered


def _head_counts(reader: Any) -> tuple[int, int]:
    architecture = reader.fields["general.architecture"].contents()
    queries = int(reader.fields[f"{architecture}.attention.head_count"].contents())
    field = reader.fields.get(f"{architecture}.attention.head_count_kv")
    return queries, int(field.contents()) if field else queries


def _refuse_foreign(deltas: Mapping[str, Array], reader: Any) -> None:
    shapes = {t.name: tuple(int(n) for n in reversed(t.shape)) for t in reader.tensors}
    for name, delta in deltas.items():
        if shapes.get(name) != delta.shape:
            raise _foreign(name)


def _copy_header(reader: Any, path: Path, kind: str) -> Any:
    """A writer with all metadata of the base; only the note on the quantization changes."""
    import gguf

    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(path, architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), field.types[0], sub_type=inner)
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{kind}"])
    return writer


def write_base(package_file: Path, folder: Path) -> Path:
    """The GGUF base as a transformers folder with its exact dequantized weights (float32).

    Made once, for training; needs torch and transformers. Returns the folder.
    """
    if (folder / "model.safetensors").is_file():
        return folder
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    where = {"gguf_file": package_file.name}
    model = AutoModelForCausalLM.from_pretrained(package_file.parent, dtype=torch.float32, **where)
    tokenizer = AutoTokenizer.from_pretrained(package_file.parent, **where)
    tokenizer.save_pretrained(folder)
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.config.save_pretrained(folder)
    tensors = {k: v.contiguous() for k, v in model.state_dict().items() if k != "lm_head.weight"}
    partial = folder / "model.safetensors.part"
    save_file(tensors, partial, metadata={"format": "pt"})
    partial.replace(folder / "model.safetensors")
    return folder
