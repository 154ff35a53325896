"""`workbench train …`: make an adapter. Thin commands over the training package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
    from models.catalog import bases
    from models.errors import ModelUnavailable
    from models.merging import write_base
    from training import recipe as recipes
    from workbench.context import Settings

    chosen = recipes.load(recipe)
    base = bases()[chosen.base]
    if base.path is None:
        raise ModelUnavailable(f"The package {base.package} is not installed.", "Install it.")
    weights = write_base(base.path, Settings().home / "models" / f"{base.name}.float32")
    adapter = recipes.run(chosen, data, out, weights, threads, typer.echo)
    typer.echo(f"The adapter is in {adapter}.")
    typer.echo(f"Use it with --model {adapter}")
