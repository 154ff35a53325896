"""The HTML of the Train page, in each language."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from db.tables import AdapterRow, TrainingRunRow
from models import catalog
from training.planning import Plan
from training.presets import AUTO, load
from training.run import Kind, PhaseSpec, Status
from workbench import texts
from workbench.pages import runs_html
from workbench.retrain import Outlook
from workbench.runs import Progress

EMBEDDED = catalog.default_base()
BEGUN = datetime(2026, 3, 4, 9, tzinfo=timezone.utc)
SCORE = {"value": 0.91, "gain": 0.02, "low": -0.01, "high": 0.05}
METRICS = {
    "fields": {"funder": SCORE},
    "reward": SCORE,
    "changes": [{"statement": "We <b>thank</b> them.", "live": "A", "candidate": "B"}],
}


def run(state: str = "running") -> TrainingRunRow:
    row = TrainingRunRow(
        id=7, recipe="auto", base="qwen", snapshot_sha256="0" * 64, folder="x", state=state
    )
    row.started_at, row.finished_at = BEGUN, BEGUN + timedelta(minutes=9)
    return row


def adapter() -> AdapterRow:
    return AdapterRow(
        id=1, name="a1", base="qwen", folder="x", sha256="0" * 64, state="live", metrics=METRICS
    )


def progress() -> Progress:
    later = BEGUN + timedelta(seconds=60)
    status = Status(
        state="running",
        phase="sft",
        step=5,
        steps=20,
        phase_at=BEGUN,
        started_at=BEGUN,
        updated_at=later,
    )
    steps = [{"step": n, "loss": 1 / n, "reward": n} for n in (1, 2)]
    return Progress(run(), status, True, steps)


def planned(prompts: int = 0) -> Plan:
    kinds: tuple[Kind, ...] = ("sft", "dpo")
    phases = tuple((PhaseSpec(kind=kind, name=kind, data=f"{kind}.jsonl"), ()) for kind in kinds)
    return Plan(("a", "b"), phases, 40, 60, 5, prompts, 3, 1000, 240.0, 2**31)


def pages(language: str) -> str:
    outlook = Outlook(load(AUTO), EMBEDDED, None, 0, "why not")
    return "".join(
        [
            runs_html.outlook(outlook, language),
            runs_html.no_run(language),
            runs_html.run(progress(), {}, language),
            runs_html.log("", language),
            runs_html.history([run(), run("finished")], language),
            runs_html.adapters([adapter()], language),
        ]
    )


def test_english_reads_as_ever() -> None:
    html = pages("en")
    for told in (
        '<a href="#" data-go="papers">Review some papers</a>, then press Retrain',
        "<h3>Run 7 ",
        "sft: step 5 of 20, 3 min left",
        "Nothing yet.",
        '<span class="wb-chip wb-finished">finished</span>',
        "F1 award id",
        "(-0.010 to +0.050)",
        "1 statement read otherwise",
        "<title>: 0.5 at step 2</title>",
    ):
        assert told in html, told
    assert "We &lt;b&gt;thank" in html


def test_german_has_no_english_text_of_the_page_left() -> None:
    said = {part.strip() for part in re.findall(r">([^<>]+)<", pages("de"))}
    english, german = texts.catalog("en"), texts.catalog("de")
    mine = [key for key in english if key.startswith(("train.", "common."))]
    left = [key for key in mine if english[key] in list(said) and english[key] != german[key]]
    assert left == []
    assert {"beendet", "in Gebrauch", "Noch nichts.", "1 Aussage anders gelesen"} <= said


@pytest.mark.parametrize("language", texts.languages())
def test_the_outlook_names_what_it_would_learn_from(language: str) -> None:
    told = Outlook(load(AUTO), EMBEDDED, planned(), 12)
    html = runs_html.outlook(told, language)
    assert "<b>40</b>" in html and "<b>12</b>" in html and "SFT" in html
    assert "{" not in html
    rewarded = runs_html.outlook(Outlook(load(AUTO), EMBEDDED, planned(8), 1), language)
    assert "<b>8</b>" in rewarded and "<b>1</b>" in rewarded


def test_the_outlook_names_another_base_than_the_embedded_one() -> None:
    told = runs_html.outlook(Outlook(load(AUTO), "/data/<Llama> 1B", planned(), 12), "en")
    assert ", on &lt;Llama&gt; 1B</li>" in told
    chain = Outlook(load(AUTO), "funding-llama-3.1-8b", None, 0, "why not")
    assert ", auf meta-llama/Llama-3.1-8B-Instruct" in runs_html.outlook(chain, "de")
    embedded = Outlook(load(AUTO), EMBEDDED, planned(), 12)
    assert ", on " not in runs_html.outlook(embedded, "en")


def test_several_phases_are_named_in_their_order() -> None:
    html = runs_html.outlook(Outlook(load(AUTO), EMBEDDED, planned(), 12), "en")
    assert "SFT then DPO, about <b>4 min</b>, 2 GB of memory" in html
    assert "<b>12</b> decided papers, 3 of them held out to compare on" in html


def test_the_outlook_tells_what_is_new_since_the_last_run() -> None:
    told = Outlook(load(AUTO), EMBEDDED, planned(), 12, new=5, last=3)
    assert "<b>5</b> of them decided since run 3 was made" in runs_html.outlook(told, "en")
    assert "since run" not in runs_html.outlook(Outlook(load(AUTO), EMBEDDED, planned(), 12), "en")


def test_an_adapter_of_another_base_names_it() -> None:
    made = adapter()
    made.base = "/data/<Llama> 1B"
    told = runs_html.adapters([made], "en")
    assert '<small title="/data/&lt;Llama&gt; 1B">&lt;Llama&gt; 1B</small>' in told
    made.base = catalog.default_base()
    assert made.base not in runs_html.adapters([made], "en")
