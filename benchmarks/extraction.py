"""Scores of models on labelled statements and on labelled PDFs, side by side in one run.

    python -m benchmarks.extraction DATA -o RESULTS --fill README.md

DATA holds `labelled.jsonl` (its dev split is used) and `pdf_labels.jsonl` with its PDFs. Without
`--model` it compares the adapter that ships, its untrained base and regular expressions;
`NAME:nocopy` turns the copy constraint off. Every model's answers are kept in RESULTS, so a second
run only scores what is there. Prints Markdown; `--fill` also puts it between the marks
`<!-- scores -->` and `<!-- /scores -->` of a file. `--calibrate FOLDER` fits the first model's
calibration and writes it there with its plot.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import plots
from models import catalog, patterns
from models.calibration import UNCALIBRATED, Evidence
from models.documents import read
from models.extract import Pipeline
from models.finder import statements as judged_statements
from models.replies import read_funders, tidy
from models.schemas import Funder, FunderList
from models.scoring.corpus import LevelScore, score_corpus
from models.scoring.statements import RESEMBLANCES, StatementCounts, score_statements
from training import calibrate, corpora
from training.run import replace

Row = dict[str, Any]
LEVELS = ("funder", "award_id", "scheme", "title")
REGEX = "regex"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--limit", type=int, help="statements and papers at most")
    parser.add_argument("--only", choices=["statements", "papers"])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--calibrate", type=Path, help="folder for calibration.json and its plot")
    parser.add_argument("--fill", type=Path, action="append", default=[])
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    models = given.model or [catalog.default(), "smollm2-135m-instruct", REGEX]
    sections = []
    if given.only != "papers":
        sections += [parsing(given, models), confidence(given, models[0])]
    if given.only != "statements":
        sections.append(papers(given, models))
    text = "\n".join(sections)
    print(text)
    for path in given.fill:
        fill(path, text)


def parsing(given: argparse.Namespace, models: Sequence[str]) -> str:
    """Funders of given statements, in the three modes of the field."""
    records = list(corpora.statements(given.data / "labelled.jsonl", "dev"))[: given.limit]
    lines = [
        f"F1 on the {len(records)} statements of the dev split of the labelled statements (95 % "
        "bootstrap interval over\nstatements):\n",
        "| model | mode | " + " | ".join(LEVELS) + " | unanswered | s a statement |",
        "|---|---|" + "---|" * (len(LEVELS) + 2),
    ]
    for model in models:
        rows = parsed(given, model, records)
        answers = [
            (funders(row), record.funders) for row, record in zip(rows, records, strict=True)
        ]
        report = score_corpus(answers)
        seconds = sum(row["seconds"] for row in rows) / max(1, len(rows))
        lines += [
            f"| {model} | {mode} | "
            + " | ".join(with_interval(levels[name]) for name in LEVELS)
            + f" | {report.unanswered} | {seconds:.2f} |"
            for mode, levels in report.modes.items()
        ]
    return "\n".join(lines) + "\n"


def parsed(
    given: argparse.Namespace, model: str, records: Sequence[corpora.LabelledStatement]
) -> list[Row]:
    """What a model said about each statement: kept, or asked now."""
    ask = by_regex if model == REGEX else by_model
    return kept(given.out / f"{slug(model)}.statements.jsonl", lambda: ask(model, records, given))


def by_regex(
    _: str, records: Sequence[corpora.LabelledStatement], __: argparse.Namespace
) -> Iterable[Row]:
    for record in records:
        started = time.perf_counter()
        said = patterns.parse(record.statement)
        yield answer(record.id, said, time.perf_counter() - started)


def by_model(
    model: str, records: Sequence[corpora.LabelledStatement], given: argparse.Namespace
) -> Iterable[Row]:
    pipeline = open_pipeline(model, given)
    for start in range(0, len(records), 32):
        part = records[start : start + 32]
        started = time.perf_counter()
        replies = pipeline.replies([record.statement for record in part])
        seconds = (time.perf_counter() - started) / len(part)
        for record, reply in zip(part, replies, strict=True):
            said = read_funders(reply, pipeline.funders).funders
            told = calibrate.outcomes(reply, pipeline.funders, said or (), record.funders)
            yield answer(record.id, pipeline.read(reply).funders, seconds) | {
                "raw": reply.text,
                "outcomes": [[o.kind, *o.evidence, o.right] for o in told],
            }
    pipeline.backend.close()


def answer(record_id: str, said: Sequence[Funder] | None, seconds: float) -> Row:
    data = None if said is None else FunderList.dump_python(tuple(said), mode="json")
    return {"id": record_id, "funders": data, "seconds": seconds}


def confidence(given: argparse.Namespace, model: str) -> str:
    """Expected calibration error before and after, the latter on documents not fitted on."""
    records = list(corpora.statements(given.data / "labelled.jsonl", "dev"))[: given.limit]
    documents = [
        [calibrate.Outcome(o[0], Evidence(o[1], o[2]), o[3]) for o in row.get("outcomes", ())]
        for row in parsed(given, model, records)
    ]
    flat = [outcome for document in documents for outcome in document]
    before = [(UNCALIBRATED.probability(o.kind, o.evidence) or 0.0, o) for o in flat]
    after = calibrate.cross_fitted(documents)
    lines = [
        f"How sure {model} is of those values, and how sure it may be (ECE: expected calibration "
        "error, ten\nbins; calibrated on statements left out of the fit):\n",
        "| values | count | right | ECE of the model's own | ECE calibrated |",
        "|---|---|---|---|---|",
    ]
    for kind in (None, *sorted({o.kind for o in flat})):
        own = [pair for pair in before if kind in (None, pair[1].kind)]
        cal = [pair for pair in after if kind in (None, pair[1].kind)]
        right = sum(o.right for _, o in own) / max(1, len(own))
        lines.append(
            f"| {kind or 'all'} | {len(own)} | {right:.3f} | "
            f"{calibrate.expected_error(own):.3f} | {calibrate.expected_error(cal):.3f} |"
        )
    if given.calibrate is not None:
        calibrate.fit(flat).dump(given.calibrate / "calibration.json")
        curves = {
            "the model's own": calibrate.reliability(before),
            "calibrated, cross-fitted": calibrate.reliability(after),
        }
        (given.calibrate / "reliability.svg").write_text(plots.reliability(curves), "utf-8")
    return "\n".join(lines) + "\n"


def papers(given: argparse.Namespace, models: Sequence[str]) -> str:
    """Statements and funders from the PDFs themselves."""
    labelled = list(corpora.papers(given.data / "pdf_labels.jsonl"))[: given.limit]
    lines = [
        f"From the {len(labelled)} labelled PDFs to statements and funders (balanced F1, 95 % "
        "interval over papers):\n",
        "| model | statements best@0.85 P / R / F1 | strict F1 | "
        + " | ".join(LEVELS)
        + " | median s a paper | text read |",
        "|---|---|---|" + "---|" * (len(LEVELS) + 2),
    ]
    for model in models:
        ask: Callable[..., Iterable[Row]] = pdfs_by_regex if model == REGEX else pdfs_by_model
        rows = kept(
            given.out / f"{slug(model)}.papers.jsonl",
            lambda model=model, ask=ask: ask(model, labelled, given),
        )
        found = {name: StatementCounts() for name in RESEMBLANCES}
        for row, paper in zip(rows, labelled, strict=True):
            for name, resemblance in RESEMBLANCES.items():
                found[name] += score_statements(row["statements"], paper.statements, resemblance)
        answers = [(funders(row), paper.funders) for row, paper in zip(rows, labelled, strict=True)]
        levels = score_corpus(answers, ["balanced"]).modes["balanced"]
        best, strict = found["best@0.85"], found["strict"]
        seconds = sorted(row["seconds"] for row in rows)
        share = sum(row["read"] for row in rows) / sum(row["chars"] for row in rows)
        lines.append(
            f"| {model} | {best.precision:.3f} / {best.recall:.3f} / {best.f():.3f} "
            f"| {strict.f():.3f} | "
            + " | ".join(with_interval(levels[name]) for name in LEVELS)
            + f" | {seconds[len(seconds) // 2]:.2f} | {share:.1%} |"
        )
    return "\n".join(lines) + "\n"


def pdfs_by_regex(
    _: str, labelled: Sequence[corpora.LabelledPaper], __: argparse.Namespace
) -> Iterable[Row]:
    """The finder's judge alone, and regular expressions on what it finds."""
    for paper in labelled:
        document = read(paper.pdf)
        started = time.perf_counter()
        found = [document.text[p.start : p.end] for p in judged_statements(document)]
        said = patterns.parse("\n".join(found))
        yield answer(paper.id, said, time.perf_counter() - started) | {
            "statements": found,
            "read": 0,
            "chars": len(document.text),
        }


def pdfs_by_model(
    model: str, labelled: Sequence[corpora.LabelledPaper], given: argparse.Namespace
) -> Iterable[Row]:
    pipeline = open_pipeline(model, given)
    for paper in labelled:
        document = read(paper.pdf)
        proposal = pipeline.propose(document)
        yield answer(paper.id, proposal.funders, proposal.usage.seconds) | {
            "statements": [statement.text for statement in proposal.statements],
            "read": sum(end - start for start, end in proposal.windows),
            "chars": len(document.text),
        }
    pipeline.backend.close()


def open_pipeline(model: str, given: argparse.Namespace) -> Pipeline:
    name, _, switch = model.partition(":")
    backend = catalog.open_model(name, given.out / "models", given.threads)
    return Pipeline.funding(backend, copy=switch != "nocopy")


def with_interval(score: LevelScore) -> str:
    """F1 with its bounds; plain where nothing was found at all."""
    if not score.counts.matched:
        return "0.000"
    return f"{score.counts.f():.3f} ({score.f1_low:.3f}–{score.f1_high:.3f})"


def funders(row: Row) -> tuple[Funder, ...] | None:
    return None if row["funders"] is None else tidy(row["funders"])


def kept(path: Path, make: Callable[[], Iterable[Row]]) -> list[Row]:
    """The rows of the file, made and written first where it is not there."""
    if not path.is_file():
        rows = [json.dumps(row, ensure_ascii=False) + "\n" for row in make()]
        replace(path, "".join(rows))
    # split at "\n" alone: a text may hold other characters that Python takes for line ends
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


def fill(path: Path, text: str, name: str = "scores") -> None:
    """Put tables between the marks `<!-- name -->` and `<!-- /name -->` of a Markdown file."""
    start, stop = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, begin, rest = path.read_text("utf-8").partition(start)
    _, end, after = rest.partition(stop)
    if not begin or not end:
        raise SystemExit(f"{path} has no {start} … {stop} to fill.")
    path.write_text(f"{before}{start}\n{text}{stop}{after}", "utf-8")


def slug(model: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in model).strip("-")


if __name__ == "__main__":
    main()
