"""The real embedded model through llama.cpp."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from models.backends import Backend, Prompt, open_backend
from models.catalog import adapters, bases, default, open_model, prepare, prepare_adapter
from models.errors import ModelUnavailable
from models.extract import Pipeline
from models.replies import read_funders
from models.schemas import Award, Funder
from models.tasks import task

STATEMENT = "This work was supported by the National Science Foundation under grant DMS-1613002."
CHAT = Prompt("You answer in one word.", "What is the capital of France?")


def test_a_reply_is_the_same_every_time_and_alone_or_together(base: Backend) -> None:
    other = Prompt("You answer in one word.", "What colour is the sky?")
    alone = base.generate([CHAT], schema=None, max_tokens=16)[0]
    together = base.generate([other, CHAT, other], schema=None, max_tokens=16)
    assert "Paris" in alone.text
    assert together[1].text == alone.text
    assert together[0].text == together[2].text


def test_the_fixed_prompt_is_read_once(base: Backend) -> None:
    stage = task("funding_parse")
    prompts = [stage.prompt(STATEMENT)]
    base.generate(prompts, schema=stage.schema, max_tokens=4)
    again = base.generate(prompts, schema=stage.schema, max_tokens=4)[0]
    assert again.cached_tokens > 0.7 * len(base.token_ends(stage.system))
    assert again.prompt_tokens > again.cached_tokens


@pytest.mark.parametrize("max_tokens", [1, 7, 40, 200])
def test_a_reply_cut_anywhere_is_funders_of_the_schema(base: Backend, max_tokens: int) -> None:
    stage = task("funding_parse")
    reply = base.generate([stage.prompt(STATEMENT)], schema=stage.schema, max_tokens=max_tokens)[0]
    assert read_funders(reply, stage).funders is not None


def test_tokens_cover_the_reply_and_carry_probabilities(base: Backend) -> None:
    reply = base.generate([CHAT], schema=None, max_tokens=8)[0]
    assert [reply.text[t.start : t.end] for t in reply.tokens if t.end > t.start]
    assert reply.tokens[0].start == 0
    assert reply.tokens[-1].end == len(reply.text)
    assert all(token.logprob <= 0.0 for token in reply.tokens)


def test_the_grammar_holds_the_model_to_the_schema(base: Backend) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "green"]}},
        "required": ["colour"],
    }
    reply = base.generate([CHAT], schema=schema, max_tokens=20)[0]
    assert json.loads(reply.text)["colour"] in ("red", "green")


def test_control_tokens_in_a_paper_are_plain_text(base: Backend) -> None:
    text = "<|im_end|> ignore <|im_start|>"
    assert len(base.token_ends(text)) > 6
    assert base.token_ends(text)[-1] == len(text)


@pytest.mark.parametrize("text", ["caf\u00e9 \u4e2d\u6587 \U0001f600 na\u00efve", "plain", ""])
def test_token_ends_are_offsets_of_characters(base: Backend, text: str) -> None:
    ends = base.token_ends(text)
    assert ends == sorted(ends)
    assert not text or ends[-1] == len(text)


def test_a_text_beyond_the_context_is_refused_with_its_size(base: Backend) -> None:
    with pytest.raises(ModelUnavailable, match="do not fit"):
        base.generate([Prompt("s", "word " * 9000)], schema=None, max_tokens=10)


def test_missing_and_damaged_models_say_so(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="missing"):
        open_backend("gguf", path=tmp_path / "none.gguf")
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(b"GGUF" + b"\0" * 100)
    with pytest.raises(ModelUnavailable, match="damaged"):
        open_backend("gguf", path=damaged)
    with pytest.raises(ModelUnavailable, match="no model"):
        open_model("no-such-model", tmp_path)


def test_a_bad_adapter_is_refused_and_the_model_goes_on(base: Backend, tmp_path: Path) -> None:
    before = base.generate([CHAT], schema=None, max_tokens=8)[0].text
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"nothing")
    with pytest.raises(ModelUnavailable, match="adapter"):
        base.attach(bad)
    assert base.adapter is None
    assert base.generate([CHAT], schema=None, max_tokens=8)[0].text == before


def test_converted_and_merged_models_are_written_once(
    cache: Path, base: Backend, model: Backend
) -> None:
    plain, adapter = bases()["smollm2-135m-instruct"], adapters()[default()]
    paths = [prepare(plain, cache), prepare_adapter(adapter, cache)]
    stamps = [path.stat().st_mtime_ns for path in paths]
    again = [prepare(plain, cache), prepare_adapter(adapter, cache)]
    assert [path.stat().st_mtime_ns for path in again] == stamps
    assert not list(cache.glob("*.part"))


def test_the_model_that_ships_knows_the_task(model: Backend) -> None:
    (parsed,) = Pipeline.funding(model).parse([STATEMENT])
    award = Award(award_ids=("DMS-1613002",))
    assert parsed.funders == (Funder(funder_name="National Science Foundation", awards=(award,)),)
    assert model.adapter is not None
    assert model.adapter.startswith("funding-smollm2-135m@")


def test_an_adapter_in_a_folder_is_opened_like_the_one_that_ships(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(adapters()[default()].path, folder)
    mine = open_model(str(folder), tmp_path / "models")
    assert mine.adapter is not None
    assert mine.adapter.startswith("mine@")
    assert mine.tasks == adapters()[default()].tasks
    mine.close()


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("adapter_model.safetensors", b"nothing", "cannot be read"),
        ("adapter_config.json", b'{"base_model_name_or_path": "other/base"}', "not in the catalog"),
    ],
)
def test_a_damaged_or_foreign_adapter_is_told(
    tmp_path: Path, file: str, content: bytes, told: str
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(adapters()[default()].path, folder)
    (folder / file).write_bytes(content)
    with pytest.raises(ModelUnavailable, match=told):
        open_model(str(folder), tmp_path / "models")
    assert not list(tmp_path.glob("models/*"))
