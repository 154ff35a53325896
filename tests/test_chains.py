"""Published chains: a base and its adapters, merged in the one order that is right."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from models import catalog
from models.chains import Chain, chains, is_installed, load, locate, named, prove_order
from models.errors import ModelUnavailable
from models.tasks import task
from tests.tiny_chains import save_adapter, save_base, tokenizer

TWO = Chain("two", "Two", base="org/base", architecture="llama", license="", adapters=("sft", "rl"))
ARCHITECTURES = {"llama": "llama", "qwen2": "qwen2", "qwen3_5": "qwen3_5", "text": "qwen3_5"}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For each architecture a base and a folder with the adapters sft and rl."""
    root = tmp_path_factory.mktemp("chains")
    tokens = tokenizer()
    for kind in ARCHITECTURES:
        name = "qwen3_5_text" if kind == "text" else kind
        base = save_base(root / kind / "base", name, tokens)
        save_adapter(root / kind / "adapter" / "sft", base, seed=1)
        save_adapter(root / kind / "adapter" / "rl", base, seed=2, rank=8)
    return root


def chain(kind: str) -> Chain:
    return Chain(kind, kind, "org/base", ARCHITECTURES[kind], "", adapters=("sft", "rl"))


def deltas(adapter: Path) -> dict[str, Any]:
    """Scale x B x A of each layer, by the layer's name."""
    from safetensors.torch import load_file

    config = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    weights = load_file(adapter / "adapter_model.safetensors")
    scale = config["lora_alpha"] / config["r"]
    return {
        key.removeprefix("base_model.model.").removesuffix(".lora_A.weight"): scale
        * (weights[key.replace("lora_A", "lora_B")] @ weight)
        for key, weight in weights.items()
        if "lora_A" in key
    }


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_the_merged_weights_are_the_base_plus_each_delta(disk: Path, kind: str) -> None:
    import torch

    model, _ = load(chain(kind), disk / kind / "base", disk / kind / "adapter", dtype="float32")
    bare = Chain(kind, kind, "org/base", ARCHITECTURES[kind], "")
    base, _ = load(bare, disk / kind / "base", None, dtype="float32")
    expected = dict(base.state_dict())
    for name in ("sft", "rl"):
        for layer, delta in deltas(disk / kind / "adapter" / name).items():
            assert delta.abs().max() > 0
            expected[f"{layer}.weight"] = expected[f"{layer}.weight"] + delta
    merged = model.state_dict()
    assert set(merged) == set(expected)
    for name, weight in merged.items():
        assert torch.allclose(weight, expected[name], atol=1e-5), name
    assert not hasattr(model, "peft_config") or not model.peft_config


def test_the_number_type_is_that_of_the_files_unless_another_is_asked(disk: Path) -> None:
    where = disk / "llama/base", disk / "llama/adapter"
    assert str(load(TWO, *where)[0].dtype) == "torch.float32"
    assert str(load(TWO, *where, dtype="bfloat16")[0].dtype) == "torch.bfloat16"
    with pytest.raises(ModelUnavailable, match="no number type 'float5'"):
        load(TWO, *where, dtype="float5")


@pytest.mark.parametrize("order", [("rl", "sft"), ("rl",), ("sft",), ()])
def test_another_order_is_refused_with_the_right_one(disk: Path, order: tuple[str, ...]) -> None:
    with pytest.raises(ModelUnavailable, match="sft, then rl"):
        load(TWO, disk / "llama/base", disk / "llama/adapter", order)


def test_a_missing_subfolder_is_named(disk: Path, tmp_path: Path) -> None:
    shutil.copytree(disk / "llama/adapter/sft", tmp_path / "sft")
    with pytest.raises(ModelUnavailable, match=r"'rl'.*adapter_config\.json"):
        load(TWO, disk / "llama/base", tmp_path)


def test_an_adapter_of_another_width_is_refused(disk: Path, tmp_path: Path) -> None:
    wide = save_base(tmp_path / "wide", "llama", tokenizer(), hidden_size=128)
    with pytest.raises(ModelUnavailable, match=r"made for another model.*wide there"):
        load(TWO, wide, disk / "llama/adapter")


def test_an_adapter_of_another_architecture_is_refused(disk: Path, tmp_path: Path) -> None:
    shutil.copytree(disk / "qwen3_5/adapter/sft", tmp_path / "sft")
    shutil.copytree(disk / "llama/adapter/rl", tmp_path / "rl")
    with pytest.raises(ModelUnavailable, match="the model has no layer"):
        load(TWO, disk / "llama/base", tmp_path)


def test_a_base_of_another_architecture_or_none_is_refused(disk: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"qwen2 model.*made for llama"):
        load(TWO, disk / "qwen2/base", disk / "llama/adapter")
    with pytest.raises(ModelUnavailable, match=r"base of two is missing"):
        load(TWO, tmp_path, disk / "llama/adapter")


def test_a_damaged_adapter_is_told(disk: Path, tmp_path: Path) -> None:
    shutil.copytree(disk / "llama/adapter", tmp_path / "adapter")
    weights = tmp_path / "adapter/rl/adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        load(TWO, disk / "llama/base", tmp_path / "adapter")


def test_layers_of_a_text_and_image_model_find_their_place(disk: Path, tmp_path: Path) -> None:
    """Such an adapter names its layers model.language_model.…; the text model has no such part."""
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(disk / "qwen3_5/adapter", tmp_path / "adapter")
    for name in ("sft", "rl"):
        file = tmp_path / "adapter" / name / "adapter_model.safetensors"
        moved = {
            key.replace("model.model.layers", "model.model.language_model.layers"): weight
            for key, weight in load_file(file).items()
        }
        assert any("language_model" in key for key in moved)
        save_file(moved, file)
    base = disk / "qwen3_5/base"
    nested, _ = load(chain("qwen3_5"), base, tmp_path / "adapter", dtype="float32")
    plain, _ = load(chain("qwen3_5"), base, disk / "qwen3_5/adapter", dtype="float32")
    for name, weight in plain.state_dict().items():
        assert torch.equal(weight, nested.state_dict()[name]), name


def sign(adapter: Path, parent: str | None) -> None:
    (adapter / "training.json").write_text(json.dumps({"parent": parent}), "utf-8")


def test_adapters_with_cards_prove_their_order(disk: Path, tmp_path: Path) -> None:
    shutil.copytree(disk / "llama/adapter", tmp_path / "adapter")
    sft, rl = tmp_path / "adapter/sft", tmp_path / "adapter/rl"
    assert not prove_order([sft, rl])
    sign(rl, "funding-smollm2-135m")  # a name proves nothing
    assert not prove_order([sft, rl])
    weights = (sft / "adapter_model.safetensors").read_bytes()
    sign(sft, None)
    sign(rl, hashlib.sha256(weights).hexdigest())
    assert prove_order([sft, rl])
    with pytest.raises(ModelUnavailable, match="rl cannot be put first"):
        prove_order([rl, sft])
    with pytest.raises(ModelUnavailable, match="rl cannot be put on rl"):
        prove_order([sft, rl, rl])
    turned = Chain("own", "Own", "base", "llama", "", adapters=("rl", "sft"))
    with pytest.raises(ModelUnavailable, match="cannot be put first"):
        load(turned, disk / "llama/base", tmp_path / "adapter")


def test_the_catalog_holds_the_two_stage_chain_with_the_prompts_of_its_card() -> None:
    two_stage = chains()["funding-llama-3.1-8b"]
    assert two_stage.adapters == ("sft", "dapo")
    assert two_stage.tasks == ("funding_statements", "funding_parse")
    assert named(two_stage.repo) == two_stage
    assert named("") is None
    qwen = chains()["funding-qwen3.5-9b"]
    assert qwen.template == {"enable_thinking": False}
    assert qwen.stages == ("funders",)


def test_every_chain_of_the_catalog_names_tasks_that_exist() -> None:
    for known in chains().values():
        statements, funders = map(task, known.tasks)
        assert (statements.output, funders.output) == ("statements", "funders")
        assert known.base and known.license and known.architecture
        assert known.prompt is None or {"{system}", "{user}"} <= set(known.prompt.split())


def test_files_are_found_in_the_users_folder_or_in_the_cache_of_the_hub(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    known = Chain(
        "two", "Two", "org/base", "llama", "", repo="org/adapters", adapters=("sft", "rl")
    )
    assert not is_installed(known, tmp_path / "own")
    with pytest.raises(ModelUnavailable, match="org/base is not in the cache"):
        locate(known, tmp_path / "own")
    for repo, held in (("org/base", "base"), ("org/adapters", "adapter")):
        entry = tmp_path / "hub" / f"models--{repo.replace('/', '--')}"
        (entry / "refs").mkdir(parents=True)
        (entry / "refs/main").write_text("abc123\n", "utf-8")
        (entry / "snapshots").mkdir()
        os.symlink(disk / "llama" / held, entry / "snapshots/abc123")
    assert is_installed(known, tmp_path / "own")
    assert locate(known, None).base.name == "abc123"
    own = tmp_path / "own/two"
    own.mkdir(parents=True)
    os.symlink(disk / "llama/base", own / "base")
    assert locate(known, tmp_path / "own").base == own / "base"


def test_a_chain_opens_by_its_name_and_is_listed(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    name = "funding-llama-3.1-8b"
    with pytest.raises(ModelUnavailable, match="meta-llama"):
        catalog.open_model(name, tmp_path, folder=tmp_path)
    (tmp_path / name / "adapter").mkdir(parents=True)
    os.symlink(disk / "llama/base", tmp_path / name / "base")
    os.symlink(disk / "llama/adapter/sft", tmp_path / name / "adapter/sft")
    installed = {row["name"]: row["installed"] for row in catalog.listing(tmp_path)}
    assert installed[name] is False
    os.symlink(disk / "llama/adapter/rl", tmp_path / name / "adapter/dapo")
    installed = {row["name"]: row["installed"] for row in catalog.listing(tmp_path)}
    assert installed[name] is True and installed["extract-0"] is False
    backend = catalog.open_model(name, tmp_path, folder=tmp_path)
    assert (backend.name, backend.adapter) == (name, f"{name}+sft+dapo")
    assert backend.tasks == ("funding_statements", "funding_parse")
    backend.close()


def test_the_settings_say_where_the_files_lie(tmp_path: Path) -> None:
    from workbench.context import Context, Settings

    assert Context(Settings(home=tmp_path)).chains == tmp_path / "chains"
    assert Context(Settings(home=tmp_path, chains=tmp_path / "x")).chains == tmp_path / "x"


def test_an_adapter_that_goes_on_from_another_is_not_put_on_it(disk: Path, tmp_path: Path) -> None:
    shutil.copytree(disk / "llama/adapter", tmp_path / "adapter")
    first, second = tmp_path / "adapter/sft", tmp_path / "adapter/rl"
    sha256 = hashlib.sha256((first / "adapter_model.safetensors").read_bytes()).hexdigest()
    card = {"parent": {"name": "sft", "sha256": sha256}}
    (second / "training.json").write_text(json.dumps(card), "utf-8")
    with pytest.raises(ModelUnavailable, match=r"goes on from it.*Leave sft out"):
        prove_order([first, second])
    card["parent"]["sha256"] = "0" * 64
    (second / "training.json").write_text(json.dumps(card), "utf-8")
    assert not prove_order([first, second])
