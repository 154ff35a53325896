"""A recipe on a base other than the embedded one: a tiny random Llama, from papers to live."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from db import adapters
from db import runs as run_rows
from db.engine import reading, writing
from models import catalog, chains, foundations
from models.backends.hf import HfBackend
from models.errors import ModelUnavailable, UnusableAdapter, WorkbenchError
from models.extract import Pipeline
from models.schemas import Answer, Funder, Statement
from models.tasks import task
from tests.desks import SHOTS, running_desk
from tests.stores import add, proposed, save
from tests.tiny_chains import save_adapter
from tests.tiny_run import PAYERS, tiny_base, wait
from training import planning, presets
from training import run as folders
from training.examples import Encoder
from workbench import bases, cli, retrain, runs
from workbench.context import Context, Settings

CURVES = '{"funder_name": {"bias": 1.0, "mean": 2.0, "least": 0.5}}'


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def ctx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKBENCH_TRAIN_STEPS", "2")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr(runs, "device_lock", lambda device=0: tmp_path / "device.lock")
    yield Context(Settings())


def fill(ctx: Context) -> None:
    """Decided papers, one of five held out."""
    for number in range(12):
        payer = PAYERS[number % 5]
        stated = f"This work {number} was financially supported by the {payer}."
        text = f"On moss {number}\n\nMoss is green.\n\nAcknowledgements\n\nWe thank Ann. {stated}\n"
        record = add(ctx.engine, f"paper {number}", text, proposal=proposed(payer))
        funders = (Funder(funder_name=payer),)
        statement = Statement(text=stated, alignment="exact")
        with writing(ctx.engine) as session:
            save(session, record, answer=Answer(statements=(statement,), funders=funders))


def ended(ctx: Context, run_id: int) -> runs.Progress:
    def is_over() -> bool:
        runs.reconcile(ctx)
        return runs.progress(ctx, run_id).row.state not in ("queued", "running")

    wait(is_over, "the run's end")
    return runs.progress(ctx, run_id)


@pytest.mark.slow
def test_a_run_on_a_folder_makes_an_adapter_that_opens_answers_and_may_go_live(
    base: Path, ctx: Context
) -> None:
    from transformers import AutoTokenizer

    fill(ctx)
    row = retrain.start(ctx, "auto", str(base))
    spec = folders.load_spec(Path(row.folder))
    assert (spec.base, spec.base_name, spec.adapter) == (base, str(base), None)
    assert spec.tasks == ("funding_statements", "funding_parse")
    assert spec.gate is not None
    assert spec.gate.live == str(catalog.adapters()[catalog.default()].path)
    told = ended(ctx, row.id)
    assert told.row.state == "finished", runs.log_tail(ctx, row.id)
    assert {event["phase"] for event in told.metrics} == {"sft"}
    name = f"auto-{row.id}"
    with reading(ctx.engine) as session:
        made = adapters.adapter(session, name)
    assert (made.state, made.base) == ("candidate", str(base))
    assert made.metrics["statements"] > 0 and made.metrics["reasons"]

    (Path(made.folder) / "calibration.json").write_text(CURVES)
    backend = ctx.open_model(made.folder)
    try:
        assert (backend.name, backend.tasks) == (base.name, spec.tasks)
        assert backend.adapter is not None and backend.adapter.startswith(f"{name}@")
        assert backend.calibration.to_dict() == json.loads(CURVES)
        learned = folders.read_rows(Path(row.folder), spec.phases[0])[0]
        asked, text = task(learned["task"]), learned["text"]
        assert isinstance(backend, HfBackend)
        taught = Encoder(AutoTokenizer.from_pretrained(base)).render(asked, text)
        assert backend.prompt_text(asked.prompt(text)) == taught
        (parsed,) = Pipeline.funding(backend).parse([f"Funded by the {PAYERS[0]}."])
        assert parsed.raw
    finally:
        backend.close()

    paper = ctx.home / "paper.txt"
    paper.write_text(f"On moss\n\nAcknowledgements\n\nFunded by the {PAYERS[0]}.\n")
    called = CliRunner().invoke(
        cli.app, ["extract", str(paper), "--model", made.folder, "--json", "--route", "document"]
    )
    assert called.exit_code == 0, called.output
    (said,) = map(json.loads, called.stdout.splitlines())
    assert (said["model"], said["adapter"]) == (base.name, backend.adapter)

    before = ctx.model_in_use()
    runs.promote(ctx, name, "ada", "a trial")
    assert (before, ctx.model_in_use()) == (None, made.folder)
    again = retrain.start(ctx, "auto", str(base))
    later = folders.load_spec(Path(again.folder))
    runs.stop(ctx, again.id)
    assert (later.adapter, later.parent) == (Path(made.folder), name)
    assert later.gate is not None and later.gate.live == made.folder


def test_without_a_base_a_run_is_the_embedded_one(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ctx)
    monkeypatch.setattr(runs, "start_queued", lambda ctx: None)  # it need not train
    monkeypatch.setattr(bases, "weights", lambda ctx, name: ctx.home / name)
    shipped = catalog.adapters()[catalog.default()]
    for base in (None, shipped.base):
        spec = folders.load_spec(Path(retrain.start(ctx, "auto", base).folder))
        assert (spec.base_name, spec.base) == (shipped.base, ctx.home / shipped.base)
        assert (spec.adapter, spec.parent) == (shipped.path, shipped.name)
        assert spec.tasks == shipped.tasks
        assert spec.gate is not None and spec.gate.live == str(shipped.path)
    told = retrain.outlook(ctx).plan
    assert told is not None and told.parameters is None
    assert told.memory == planning.MEMORY["sft"]


def test_a_recipe_may_name_its_base_and_the_option_comes_first(
    base: Path, ctx: Context, tmp_path: Path
) -> None:
    fill(ctx)
    text = (Path(presets.__file__).parent / "recipes" / "auto.toml").read_text()
    recipe = tmp_path / "own.toml"
    recipe.write_text(text.replace('start = "live"', f'start = "live"\nbase = "{base}"'))
    told = retrain.outlook(ctx, str(recipe)).plan
    assert told is not None and told.parameters == foundations.parameters(base)
    assert told.tasks == ("funding_statements", "funding_parse")
    embedded = retrain.outlook(ctx, str(recipe), catalog.default_base()).plan
    assert embedded is not None and embedded.parameters is None


def test_time_and_memory_grow_with_the_parameters(base: Path, ctx: Context) -> None:
    from transformers import AutoModelForCausalLM

    fill(ctx)
    count = foundations.parameters(base)
    model = AutoModelForCausalLM.from_pretrained(base)
    assert count == sum(weight.numel() for weight in model.parameters())
    below = bases.find(ctx, str(base))
    with retrain._data(ctx, below.tasks) as (data, _):

        def cost(parameters: int | None) -> tuple[float, int]:
            recipe = presets.load("auto")
            made = planning.plan(data, recipe, tasks=below.tasks, parameters=parameters)
            return made.seconds - planning.START_SECONDS * len(made.phases), made.memory

    embedded, same = cost(None), cost(planning.EMBEDDED_PARAMETERS)
    assert same == embedded
    seconds, memory = cost(8 * planning.EMBEDDED_PARAMETERS)
    assert seconds == pytest.approx(8 * embedded[0])
    weights = 4 * planning.EMBEDDED_PARAMETERS
    assert memory == pytest.approx(8 * weights + 4 * (embedded[1] - weights))


@pytest.mark.browser
def test_the_page_offers_the_bases_that_are_here(base: Path, ctx: Context) -> None:
    fill(ctx)
    with writing(ctx.engine) as session:
        adapters.register(session, "former", base=str(base), folder="x", sha256="0" * 64)
    with running_desk(ctx.home) as desk:
        page = desk.open()
        page.get_by_role("tab", name="Train").click()
        outlook = page.locator("#wb-outlook")
        expect(outlook).to_contain_text("12 decided papers", timeout=30_000)
        expect(outlook).not_to_contain_text(", on ")
        page.locator("#wb-base input").click()
        page.get_by_role("option", name=base.name).click()
        expect(outlook).to_contain_text(f", on {base.name}", timeout=30_000)
        page.screenshot(path=SHOTS / "other-base.png")
        page.locator("#wb-retrain").click()
        expect(page.locator("#wb-run h3")).to_contain_text("Run 1", timeout=30_000)
        with reading(ctx.engine) as session:
            assert run_rows.run(session, 1).base == str(base)
        runs.stop(ctx, 1)


class TestBases:
    def test_those_whose_files_are_here_are_offered(
        self, base: Path, ctx: Context, tmp_path: Path
    ) -> None:
        embedded = catalog.default_base()
        assert bases.offered(ctx) == [embedded]
        for number, folder in enumerate((str(base), str(tmp_path / "gone"))):
            with writing(ctx.engine) as session:
                adapters.register(session, f"a{number}", base=folder, folder="x", sha256="0" * 64)
        chain = ctx.chains / "extract-0" / "base"
        shutil.copytree(base, chain)
        assert bases.offered(ctx) == [embedded, str(base)]  # a Llama is not Extract-0's base
        config = json.loads((chain / "config.json").read_text())
        (chain / "config.json").write_text(json.dumps(config | {"model_type": "qwen2"}))
        assert bases.offered(ctx) == [embedded, "extract-0", str(base)]
        (chain / "model.safetensors").unlink()
        assert bases.offered(ctx) == [embedded, str(base)]

    def test_an_unknown_one_says_where_was_looked(self, ctx: Context) -> None:
        with pytest.raises(ModelUnavailable, match="no base 'no-such-base'") as told:
            retrain.start(ctx, "auto", "no-such-base")
        assert str(ctx.chains) in str(told.value) and "funding-llama-3.1-8b" in str(told.value)
        with pytest.raises(ModelUnavailable, match=str(ctx.chains / "extract-0" / "base")):
            retrain.outlook(ctx, "auto", "extract-0")
        called = CliRunner().invoke(cli.app, ["train", "auto", "--base", "no-such-base"])
        assert called.exit_code != 0
        assert not (ctx.home / "runs").exists()

    def test_the_estimate_is_told_before_the_run(
        self, base: Path, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(ctx)
        monkeypatch.setattr(runs, "start_queued", lambda ctx: None)  # it need not train
        called = CliRunner().invoke(cli.app, ["train", "auto", "--base", str(base), "--no-follow"])
        first, second = called.stdout.splitlines()
        assert first.startswith(f"The base has {foundations.parameters(base):,} parameters.")
        assert second.startswith("Run 1 is queued.")

    @pytest.mark.parametrize(
        ("file", "told"),
        [
            ("model.safetensors", "no weights: no model.safetensors"),
            ("tokenizer.json", "no tokenizer"),
            ("config.json", "no readable config.json"),
            ("chat_template.jinja", "no chat template"),
        ],
    )
    def test_one_that_lacks_a_file(
        self, base: Path, ctx: Context, tmp_path: Path, file: str, told: str
    ) -> None:
        copy = shutil.copytree(base, tmp_path / "copy")
        (copy / file).unlink()
        with pytest.raises(ModelUnavailable, match=told):
            retrain.start(ctx, "auto", str(copy))

    def test_one_whose_shards_did_not_all_arrive(
        self, base: Path, ctx: Context, tmp_path: Path
    ) -> None:
        copy = shutil.copytree(base, tmp_path / "copy")
        index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
        (copy / "model.safetensors.index.json").write_text(json.dumps(index))
        with pytest.raises(ModelUnavailable, match=r"no weights: no model-2\.safetensors\."):
            retrain.start(ctx, "auto", str(copy))

    def test_an_adapter_is_no_base(self, base: Path, ctx: Context, tmp_path: Path) -> None:
        adapter = save_adapter(tmp_path / "adapter", base, seed=1)
        with pytest.raises(ModelUnavailable, match="holds an adapter, no base"):
            retrain.start(ctx, "auto", str(adapter))


class TestAdaptersOverAFolder:
    def test_one_over_a_chain_finds_the_base_by_name_and_needs_none_of_its_adapters(
        self, base: Path, tmp_path: Path
    ) -> None:
        name = "funding-llama-3.1-8b"
        own = tmp_path / "chains"
        adapter = save_adapter(tmp_path / "mine", base, seed=1)
        shutil.copytree(base, own / name / "base")
        for told in (name, chains.chains()[name].base):
            rename_base(adapter, told)
            backend = catalog.open_model(str(adapter), tmp_path, folder=own)
            assert (backend.name, backend.tasks) == (name, chains.chains()[name].tasks)
            assert backend.adapter is not None and backend.adapter.startswith("mine@")
            backend.close()
        shutil.rmtree(own)
        with pytest.raises(ModelUnavailable, match=str(own / name / "base")):
            catalog.open_model(str(adapter), tmp_path, folder=own)

    def test_one_whose_base_is_gone_says_so(self, base: Path, tmp_path: Path) -> None:
        moved = shutil.copytree(base, tmp_path / "moved")
        adapter = save_adapter(tmp_path / "mine", moved, seed=1)
        rename_base(adapter, str(moved))
        assert catalog.model_file(str(adapter), tmp_path).path == adapter / runs.WEIGHTS
        shutil.rmtree(moved)
        with pytest.raises(UnusableAdapter, match="is no folder with a model"):
            catalog.open_model(str(adapter), tmp_path)

    def test_a_relative_path_names_no_base(
        self, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(base.parent)
        adapter = save_adapter(tmp_path / "mine", base, seed=1)
        rename_base(adapter, base.name)
        with pytest.raises(UnusableAdapter, match="is no folder with a model"):
            catalog.open_model(str(adapter), tmp_path)

    def test_weights_that_are_no_numbers_are_the_adapters_fault(
        self, base: Path, tmp_path: Path
    ) -> None:
        from safetensors.torch import load_file, save_file

        adapter = save_adapter(tmp_path / "mine", base, seed=1)
        rename_base(adapter, str(base))
        weights = load_file(adapter / runs.WEIGHTS)
        save_file({key: w * float("nan") for key, w in weights.items()}, adapter / runs.WEIGHTS)
        with pytest.raises(UnusableAdapter, match="cannot be merged"):
            catalog.open_model(str(adapter), tmp_path)

    def test_promotion_wants_the_base_to_be_there(
        self, base: Path, ctx: Context, tmp_path: Path
    ) -> None:
        moved = shutil.copytree(base, tmp_path / "moved")
        for name, metrics in (("opened", {"passes": False}), ("pulled", {"hub": "a/b"})):
            adapter = save_adapter(tmp_path / name, moved, seed=1)
            rename_base(adapter, str(moved))
            with writing(ctx.engine) as session:
                row = name, str(moved), str(adapter), "a" * 64
                adapters.register(session, *row, metrics=metrics)
        shutil.rmtree(moved)
        for name in ("opened", "pulled"):
            with pytest.raises(WorkbenchError, match="is no folder with a model"):
                runs.promote(ctx, name, "ada", "a trial")
        assert ctx.model_in_use() is None
        shutil.copytree(base, moved)
        runs.promote(ctx, "pulled", "ada", "a trial")
        assert ctx.model_in_use() == str(tmp_path / "pulled")


def rename_base(adapter: Path, name: str) -> None:
    path = adapter / "adapter_config.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"base_model_name_or_path": name}))
