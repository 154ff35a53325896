"""`workbench train …`: make an adapter. Thin commands over the training package."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.terminal import Json, table

if TYPE_CHECKING:
    from db.tables import TrainingRunRow
    from workbench.context import Context
    from workbench.retrain import Outlook

app = typer.Typer(help="Train an adapter.", no_args_is_help=True)


@app.command()
def sft(
    data: Annotated[Path, typer.Option(help="Folder with the corpora that the recipe names.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the run; resumes there.")],
    recipe: Annotated[str, typer.Option(help="A recipe's name, or a TOML file.")] = "embedded",
    threads: Annotated[int | None, typer.Option(help="CPU threads; all cores by default.")] = None,
) -> None:
    """Supervised fine-tuning by a recipe; the adapter lands in OUT/adapter.

    Started again with the same folder it goes on where it stopped.
    """
    from training import recipe as recipes
    from workbench import bases
    from workbench.context import Context, Settings

    chosen = recipes.load(recipe)
    weights = bases.weights(Context(Settings()), chosen.base)
    with _bar() as bar:
        adapter = recipes.run(chosen, data, out, weights, threads, typer.echo, [bar])
    typer.echo(f"The adapter is in {adapter}.")
    typer.echo(f"Use it with --model {adapter}")


@contextmanager
def _bar() -> Iterator[Any]:
    """A trainer's callback that shows step, loss and time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
    from transformers import TrainerCallback

    columns = "{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as shown:
        job = shown.add_task("starting", total=None)

        class Bar(TrainerCallback):
            """Moves the bar."""

            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                shown.update(job, completed=state.global_step, total=state.max_steps)

            def on_log(
                self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any
            ) -> None:
                if "loss" in (logs or {}):
                    shown.update(job, description=f"loss {float(logs['loss']):.3f}")

        yield Bar()


@app.command()
def auto(
    recipe: Annotated[str, typer.Option(help="See `workbench train recipes`.")] = "auto",
    base: Annotated[
        str | None,
        typer.Option(help="A base or chain of the catalog, or a transformers folder."),
    ] = None,
    follow: Annotated[bool, typer.Option(help="Wait for the end and show the progress.")] = True,
) -> None:
    """Retrain on what curators decided, as the Retrain button does; live if it is better."""
    from workbench import retrain, runs
    from workbench.context import Context, Settings

    ctx = Context(Settings())
    runs.reconcile(ctx)
    if base is not None:
        typer.echo(_estimate(retrain.outlook(ctx, recipe, base)))
    row = retrain.start(ctx, recipe, base)
    typer.echo(f"Run {row.id} is {row.state}. See: workbench runs show {row.id}")
    if follow:
        ended = _follow(ctx, row.id)
        typer.echo(f"Run {ended.id} is {ended.state}. {ended.message}".strip())
        if ended.state != "finished":
            raise typer.Exit(1)


def _estimate(told: Outlook) -> str:
    """What a run on a base that was named will cost, before it starts; "" if it cannot."""
    if told.plan is None:
        return ""
    minutes = told.plan.seconds / 60
    time = f"{minutes / 60:.1f} hours" if minutes > 90 else f"{max(1, round(minutes))} min"
    cost = f"about {time} and {told.plan.memory / 2**30:.1f} GB"
    if told.plan.parameters is None:
        return f"It will take {cost} of memory, as the embedded base would."
    return (
        f"The base has {told.plan.parameters:,} parameters. The run will take {cost} of memory, "
        "an estimate scaled by them from the embedded base, or from the last run on this one."
    )


def _follow(ctx: Context, run_id: int) -> TrainingRunRow:
    """Show a run's steps until it has ended; Ctrl-C leaves it running."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from workbench import runs

    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns) as bar:
        task = bar.add_task("waiting", total=None)
        while True:
            runs.reconcile(ctx)
            runs.start_queued(ctx)
            told = runs.progress(ctx, run_id)
            if told.row.state not in ("queued", "running"):
                return told.row
            if (status := told.status) is not None:
                name = status.phase or status.state
                bar.update(
                    task, description=name, completed=status.step, total=status.steps or None
                )
            time.sleep(1.0)


@app.command()
def recipes(as_json: Json = False) -> None:
    """The recipes that `train auto --recipe` and the Train page know."""
    from training import presets

    rows = [
        {
            "name": it.name,
            "title": it.title,
            "phases": ", then ".join(phase.kind for phase in it.phases),
            "source": it.source,
        }
        for it in map(presets.load, presets.names())
    ]
    if as_json:
        typer.echo(json.dumps(rows))
    else:
        table(tuple(rows[0]), [tuple(row.values()) for row in rows])


@app.command()
def dpo(
    adapter: Annotated[Path, typer.Argument(help="The PEFT folder to go on from.")],
    data: Annotated[Path, typer.Option(help="Folder with the corpora that the recipe names.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the run.")],
    recipe: Annotated[str, typer.Option(help="The recipe that names the corpora.")] = "embedded",
    count: Annotated[int, typer.Option(help="Gold statements to look for mistakes in.")] = 400,
    threads: Annotated[int | None, typer.Option(help="CPU threads; all cores by default.")] = None,
) -> None:
    """Direct preference optimisation on the adapter's own mistakes; lands in OUT/adapter."""
    from transformers import AutoTokenizer

    from models import catalog
    from models.extract import Pipeline
    from training import dpo as trainer
    from training import mistakes
    from training import recipe as recipes
    from training.examples import Encoder
    from training.mixture import Corpora
    from workbench import bases
    from workbench.context import Context, Settings

    chosen = recipes.load(recipe)
    weights = bases.weights(Context(Settings()), chosen.base)
    phase = trainer.DpoPhase()
    records = Corpora(data, **chosen.corpora).gold_records
    backend = catalog.open_model(str(adapter), out / "models", threads)
    try:
        pairs = list(
            mistakes.preferences(
                Pipeline.funding(backend),
                mistakes.sample(records, count, phase.seed),
                Encoder(AutoTokenizer.from_pretrained(weights)),
                lambda done: typer.echo(f"{done} of {count} statements read"),
            )
        )
    finally:
        backend.close()
    typer.echo(f"{len(pairs)} mistakes to learn from")
    trained = trainer.train(weights, pairs, phase, out, adapter)
    typer.echo(f"The adapter is in {recipes.finish(trained, out / 'adapter', chosen)}.")
