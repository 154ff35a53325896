"""The transformers backend: greedy replies, in batches, inside schema and rules."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.backends import Backend, Prompt
from models.backends.hf import HfBackend, open_backend
from models.catalog import open_model
from models.chains import Chain, chains
from models.documents import read_bytes
from models.errors import ModelUnavailable
from models.extract import Pipeline
from models.rules import NumbersRule
from models.schemas import FunderList
from models.tasks import task
from tests.tiny_chains import save_adapter, save_base, tokenizer

KINDS = {"llama": "llama", "qwen2": "qwen2", "qwen3_5_text": "qwen3_5"}
PROMPTS = [
    Prompt("You list funders.", "Funded by the Oxo Trust (A-12)."),
    Prompt("", "Paid by Yara."),
    Prompt("You list funders.", "We thank the Ünal Foundation, grant 7, and many others. " * 6),
]
STATEMENT = "This work was supported by the Wellcome Trust (grant 203141) and by NSF DMS-1613002."


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, tokens = tmp_path_factory.mktemp("hf"), tokenizer()
    for kind in KINDS:
        base = save_base(root / kind / "base", kind, tokens)
        save_adapter(root / kind / "adapter" / "sft", base, seed=1)
        save_adapter(root / kind / "adapter" / "rl", base, seed=2)
    return root


def chain(kind: str, **changes: Any) -> Chain:
    return Chain(kind, kind, "org/base", KINDS[kind], "", adapters=("sft", "rl"), **changes)


@pytest.fixture(scope="module", params=list(KINDS))
def backend(disk: Path, request: pytest.FixtureRequest) -> Iterator[HfBackend]:
    kind = str(request.param)
    where = disk / kind
    opened = open_backend(where / "base", where / "adapter", chain(kind), dtype="float32")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def llama(disk: Path) -> Iterator[HfBackend]:
    where = disk / "llama"
    opened = open_backend(where / "base", where / "adapter", chain("llama"), dtype="float32")
    yield opened
    opened.close()


def test_it_is_a_backend(llama: HfBackend) -> None:
    assert isinstance(llama, Backend)
    assert (llama.name, llama.adapter, llama.context) == ("llama", "llama+sft+rl", 2048)


def test_replies_are_those_of_greedy_generation(backend: HfBackend) -> None:
    import torch

    model, words = backend._model, backend._tokenizer
    for prompt in PROMPTS:
        [reply] = backend.generate([prompt], schema=None, max_tokens=10)
        read = words(backend.prompt_text(prompt), add_special_tokens=False, return_tensors="pt")
        whole = model.generate(**read, max_new_tokens=10, do_sample=False)
        new = whole[0, read.input_ids.shape[1] :]
        with torch.inference_mode():
            logits = model(whole[:, :-1]).logits[0, -len(new) :].float()
        expected = logits.log_softmax(-1)[range(len(new)), new].tolist()
        said = words.decode(new, skip_special_tokens=True)
        assert said.startswith(reply.text) if reply.finish == "loop" else said == reply.text
        assert reply.prompt_tokens == read.input_ids.shape[1]
        for token, logprob in zip(reply.tokens, expected, strict=False):
            assert math.isclose(token.logprob, logprob, abs_tol=1e-3)


def test_a_batch_of_unequal_prompts_says_what_each_says_alone(backend: HfBackend) -> None:
    together = backend.generate(PROMPTS, schema=None, max_tokens=12)
    for prompt, reply in zip(PROMPTS, together, strict=True):
        [alone] = backend.generate([prompt], schema=None, max_tokens=12)
        assert (alone.text, alone.finish) == (reply.text, reply.finish)
        assert alone.prompt_tokens == reply.prompt_tokens
        for one, other in zip(alone.tokens, reply.tokens, strict=True):
            assert math.isclose(one.logprob, other.logprob, abs_tol=1e-3)


def test_tokens_cover_the_text(llama: HfBackend) -> None:
    [reply] = llama.generate(PROMPTS[:1], schema=None, max_tokens=12)
    assert [token.start for token in reply.tokens[1:]] == [t.end for t in reply.tokens[:-1]]
    assert reply.tokens[-1].end == len(reply.text)
    assert all(token.logprob <= 0 for token in reply.tokens)
    assert reply.finish in ("length", "loop")


def test_token_ends_are_offsets_of_characters(llama: HfBackend) -> None:
    text = "Ünal Foundation 🙂 paid."
    ends = llama.token_ends(text)
    assert ends == sorted(ends) and ends[-1] == len(text)
    assert llama.token_ends("") == []


def test_a_reply_stays_inside_its_schema(llama: HfBackend) -> None:
    asked = task("funding_parse")
    replies = llama.generate(PROMPTS, schema=asked.schema, max_tokens=60)
    for reply in replies:
        assert reply.text.lstrip().startswith("[")
        if reply.finish == "stop":
            FunderList.validate_python(json.loads(reply.text))


def test_a_reply_that_the_schema_ends_is_valid_json(llama: HfBackend) -> None:
    short = {"type": "object", "properties": {"is_paid": {"type": "boolean"}}}
    for reply in llama.generate(PROMPTS, schema=short, max_tokens=60):
        assert reply.finish == "stop"
        assert isinstance(json.loads(reply.text)["is_paid"], bool)


def test_each_reply_keeps_its_own_rule(llama: HfBackend) -> None:
    rules = [NumbersRule(3), None, NumbersRule(1)]
    replies = llama.generate(PROMPTS, schema=None, max_tokens=8, rules=rules)
    assert {int(number) for number in replies[0].text.split()} <= {0, 1, 2, 3}
    assert replies[2].text in ("0", "1")
    [free] = llama.generate(PROMPTS[1:2], schema=None, max_tokens=8)
    assert replies[1].text == free.text


def test_arguments_reach_the_chat_template(disk: Path, llama: HfBackend) -> None:
    thinking = llama.prompt_text(PROMPTS[0])
    assert "<think>" not in thinking
    quiet = chain("llama", template={"enable_thinking": False})
    opened = open_backend(disk / "llama/base", disk / "llama/adapter", quiet)
    assert opened.prompt_text(PROMPTS[0]) == thinking + "<think>\n\n</think>\n\n"
    opened.close()


def test_a_chain_without_a_chat_template_gets_its_own_frame(disk: Path) -> None:
    frame = chains()["extract-0"].prompt
    opened = open_backend(disk / "llama/base", disk / "llama/adapter", chain("llama", prompt=frame))
    text = opened.prompt_text(Prompt("Be {user}.", "Funded."))
    assert text.startswith("### System:\nBe ")
    assert text.endswith("\n\n### Assistant:\n")
    opened.close()


def test_a_prompt_that_does_not_fit_is_told(llama: HfBackend) -> None:
    with pytest.raises(ModelUnavailable, match="do not fit"):
        llama.generate([Prompt("", "word " * 3000)], schema=None, max_tokens=8)


def test_settings_of_the_publisher_do_not_change_a_reply(disk: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(disk / "llama/base", tmp_path / "base")
    said = []
    for settings in ({}, {"do_sample": True, "temperature": 2.0, "repetition_penalty": 9.0}):
        (tmp_path / "base/generation_config.json").write_text(json.dumps(settings), "utf-8")
        opened = open_backend(tmp_path / "base", disk / "llama/adapter", chain("llama"))
        said.append(opened.generate(PROMPTS, schema=None, max_tokens=10))
        opened.close()
    assert [reply.text for reply in said[0]] == [reply.text for reply in said[1]]


def test_an_adapter_is_put_on_and_taken_off_without_a_trace(disk: Path) -> None:
    plain = open_backend(disk / "llama/base")
    before = plain.generate(PROMPTS, schema=None, max_tokens=10)
    plain.attach(disk / "llama/adapter/sft")
    assert plain.adapter == "sft"
    attached = plain.generate(PROMPTS, schema=None, max_tokens=10)
    assert [r.text for r in attached] != [r.text for r in before]
    with pytest.raises(ModelUnavailable, match="another model"):
        plain.attach(disk / "qwen3_5_text/adapter/sft")
    assert plain.adapter == "sft"
    plain.attach(disk / "llama/adapter/rl")
    assert plain.adapter == "rl"
    plain.attach(None)
    assert plain.adapter is None
    after = plain.generate(PROMPTS, schema=None, max_tokens=10)
    assert [r.text for r in after] == [r.text for r in before]
    plain.close()


@pytest.mark.parametrize("tasks", [None, "mextract", "extract0"])
def test_the_pipeline_runs_on_it_whatever_a_random_model_says(
    backend: HfBackend, tasks: str | None
) -> None:
    pipeline = Pipeline.funding(backend, route="document")
    if tasks is not None:
        asked = (f"funding_statements_{tasks}", f"funding_parse_{tasks}")
        pipeline = replace(pipeline, statements=task(asked[0]), funders=task(asked[1]))
    pipeline = replace(
        pipeline,
        statements=replace(pipeline.statements, max_tokens=24),
        funders=replace(pipeline.funders, max_tokens=24),
    )
    [parsed] = pipeline.parse([STATEMENT])
    assert parsed.raw
    document = read_bytes("a.txt", f"A study\n\nWe looked.\n\nFunding\n\n{STATEMENT}\n".encode())
    proposal = pipeline.propose(document)
    assert proposal.card.model == backend.name


def test_a_reply_that_is_no_json_has_no_funders(llama: HfBackend) -> None:
    pipeline = Pipeline.funding(llama)
    [reply] = llama.generate([pipeline.funders.prompt(STATEMENT)], schema=None, max_tokens=12)
    assert pipeline.read(reply).funders is None


def test_a_folder_of_transformers_opens_as_a_model(disk: Path, tmp_path: Path) -> None:
    opened = open_model(str(disk / "qwen2/base"), tmp_path)
    assert (opened.name, opened.adapter) == ("base", None)
    opened.close()
