"""Scores of models on labelled statements and on labelled PDFs, side by side in one run.

    python benchmarks/extraction.py DATA -o RESULTS --model funding-smollm2-135m --model regex

DATA holds `labelled.jsonl` (its dev split is used) and `pdf_labels.jsonl` with its PDFs. Every
model's answers are kept in RESULTS, so a second run only scores what is there. `MODEL:nocopy` turns
the copy constraint off. Prints Markdown tables; `--calibrate` fits the model's calibration.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import baseline, plots
from models import catalog
from models.documents import read
from models.extract import Pipeline
from models.replies import read_funders, tidy
from models.schemas import Funder, FunderList
from models.scoring.corpus import score_corpus
from models.scoring.statements import RESEMBLANCES, StatementCounts, score_statements
from training import calibrate, corpora

Row = dict[str, Any]
LEVELS = ("funder", "award_id", "scheme", "title")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--model", action="append", default=[])
    parser.add_argument("--limit", type=int, help="statements and papers at most")
    parser.add_argument("--only", choices=["statements", "papers"])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--calibrate", type=Path, help="folder for calibration.json and its plot")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    models = given.model or [catalog.default(), "regex"]
    if given.only != "papers":
        report_parsing(given, models)
    if given.only != "statements":
        report_papers(given, models)


def report_parsing(given: argparse.Namespace, models: Sequence[str]) -> None:
    """Funders of given statements, in the three modes of the field."""
    records = list(corpora.statements(given.data / "labelled.jsonl", "dev"))[: given.limit]
    reports = {}
    for model in models:
        rows = kept(
            given.out / f"{slug(model)}.statements.jsonl",
            lambda m=model: parse_all(m, records, given),
        )
        said = {row["id"]: row for row in rows}
        answers = [(funders(said.get(r.id)), r.funders) for r in records]
        reports[model] = score_corpus(answers)
        seconds = sum(row["seconds"] for row in rows)
        print(
            f"{model}: {len(rows)} statements, {seconds / max(1, len(rows)):.2f} s each, "
            f"unanswered {reports[model].unanswered}"
        )
    print(f"\nBalanced F1 on {len(records)} statements (95 % interval)\n")
    print("| model | mode | " + " | ".join(LEVELS) + " |")
    print("|---|---|" + "---|" * len(LEVELS))
    for model, report in reports.items():
        for mode, levels in report.modes.items():
            scores = [levels[name] for name in LEVELS]
            cells = [f"{s.counts.f():.3f} ({s.f1_low:.3f}–{s.f1_high:.3f})" for s in scores]
            print(f"| {model} | {mode} | " + " | ".join(cells) + " |")
    print()


def parse_all(
    model: str, records: Sequence[corpora.LabelledStatement], given: argparse.Namespace
) -> Iterable[Row]:
    """The funders that a model reads in each statement, with the time that it took."""
    texts = [record.statement for record in records]
    started = time.perf_counter()
    if model == "regex":
        replies: list[tuple[Funder, ...] | None] = [baseline.parse(text) for text in texts]
        raws = [""] * len(texts)
    else:
        with_outcomes: list[list[calibrate.Outcome]] = []
        replies, raws = [], []
        pipeline = open_pipeline(model, given)
        for start in range(0, len(texts), 32):
            part = records[start : start + 32]
            for record, reply in zip(
                part, pipeline.replies([r.statement for r in part]), strict=True
            ):
                said = read_funders(reply, pipeline.funders).funders
                replies.append(said)
                raws.append(reply.text)
                with_outcomes.append(
                    list(calibrate.outcomes(reply, pipeline.funders, said or (), record.funders))
                )
        pipeline.backend.close()
        report_calibration(with_outcomes, given.calibrate)
    seconds = (time.perf_counter() - started) / len(texts)
    for record, said, raw in zip(records, replies, raws, strict=True):
        yield {
            "id": record.id,
            "funders": None if said is None else FunderList.dump_python(said, mode="json"),
            "raw": raw,
            "seconds": seconds,
        }


def report_calibration(
    documents: Sequence[Sequence[calibrate.Outcome]], target: Path | None
) -> None:
    """Expected calibration error before and after, the latter on documents not fitted on."""
    from models.calibration import UNCALIBRATED

    flat = [outcome for document in documents for outcome in document]
    before = [(UNCALIBRATED.probability(o.kind, o.evidence) or 0.0, o) for o in flat]
    after = calibrate.cross_fitted(documents)
    print("\n| values | count | right | ECE of the model's own | ECE calibrated, cross-fitted |")
    print("|---|---|---|---|---|")
    for kind in (None, *sorted({o.kind for o in flat})):
        own = [pair for pair in before if kind in (None, pair[1].kind)]
        cal = [pair for pair in after if kind in (None, pair[1].kind)]
        right = sum(o.right for _, o in own) / max(1, len(own))
        print(
            f"| {kind or 'all'} | {len(own)} | {right:.3f} | "
            f"{calibrate.expected_error(own):.3f} | {calibrate.expected_error(cal):.3f} |"
        )
    if target is not None:
        calibrate.fit(flat).dump(target / "calibration.json")
        curves = {
            "the model's own": calibrate.reliability(before),
            "calibrated, cross-fitted": calibrate.reliability(after),
        }
        (target / "reliability.svg").write_text(plots.reliability(curves), "utf-8")


def report_papers(given: argparse.Namespace, models: Sequence[str]) -> None:
    """Statements and funders from the PDFs themselves."""
    papers = list(corpora.papers(given.data / "pdf_labels.jsonl"))[: given.limit]
    print(f"From {len(papers)} PDFs\n")
    print(
        "| model | statements best@0.85 P / R / F1 | strict F1 | "
        + " | ".join(LEVELS)
        + " | s a paper | text read |"
    )
    print("|---|---|---|" + "---|" * (len(LEVELS) + 2))
    for model in models:
        if model == "regex":
            continue
        rows = kept(
            given.out / f"{slug(model)}.papers.jsonl", lambda m=model: read_all(m, papers, given)
        )
        said = {row["id"]: row for row in rows}
        found = {name: StatementCounts() for name in RESEMBLANCES}
        for paper in papers:
            for name, resemblance in RESEMBLANCES.items():
                found[name] += score_statements(
                    said[paper.id]["statements"], paper.statements, resemblance
                )
        report = score_corpus([(funders(said[p.id]), p.funders) for p in papers], ["balanced"])
        best, strict = found["best@0.85"], found["strict"]
        cells = [f"{report.modes['balanced'][name].counts.f():.3f}" for name in LEVELS]
        seconds = sorted(row["seconds"] for row in rows)
        share = sum(row["read"] for row in rows) / sum(row["chars"] for row in rows)
        print(
            f"| {model} | {best.precision:.3f} / {best.recall:.3f} / {best.f():.3f} "
            f"| {strict.f():.3f} | "
            + " | ".join(cells)
            + f" | {seconds[len(seconds) // 2]:.2f} | {share:.1%} |"
        )


def read_all(
    model: str, papers: Sequence[corpora.LabelledPaper], given: argparse.Namespace
) -> Iterable[Row]:
    pipeline = open_pipeline(model, given)
    for paper in papers:
        document = read(paper.pdf)
        proposal = pipeline.propose(document)
        yield {
            "id": paper.id,
            "statements": [statement.text for statement in proposal.statements],
            "funders": FunderList.dump_python(proposal.funders, mode="json"),
            "seconds": proposal.usage.seconds,
            "read": sum(end - start for start, end in proposal.windows),
            "chars": len(document.text),
        }
    pipeline.backend.close()


def open_pipeline(model: str, given: argparse.Namespace) -> Pipeline:
    name, _, switch = model.partition(":")
    backend = catalog.open_model(name, given.out / "models", given.threads)
    return Pipeline.funding(backend, copy=switch != "nocopy")


def funders(row: Row | None) -> tuple[Funder, ...] | None:
    return None if row is None or row["funders"] is None else tidy(row["funders"])


def kept(path: Path, make: Any) -> list[Row]:
    """The rows of the file, made and written first where it is not there."""
    if not path.is_file():
        rows = list(make())
        path.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8"
        )
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def slug(model: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in model).strip("-")


if __name__ == "__main__":
    main()
