"""One process of a training group: `python -m training.ranks PARENT RUN_DIR NUMBER BASE [ADAPTER]`.

Every rank trains its share of the phase NUMBER of the run, on BASE and from ADAPTER on. The first
one writes status, figures, checkpoints and adapter; what came of the phase lies in `group.json`.
The process that started the group holds the run's lock and does all the rest (`training.group`).
"""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from training import reporting, together
from training import run as runs
from training.reporting import Reporter, Request, Stopped

log = logging.getLogger("training")
PATIENCE = timedelta(hours=12)
"""How long a rank waits for the others: the first one alone may rate all prompts of a phase."""


class Outcome(BaseModel):
    """What came of a phase, as the group leaves it for the process that started it."""

    state: Literal["trained", "stopped", "failed"]
    message: str = ""


class Agreed(Request):
    """A request that all ranks see at the same step: each of them has to ask as often."""

    def made(self) -> bool:
        """Whether somebody asked one of the ranks."""
        return together.any_of(super().made())


class Silent(Reporter):
    """For the ranks that write nothing."""

    def tell(self, state: runs.State | None = None, **changes: Any) -> None:
        """Say nothing."""


def main(arguments: list[str]) -> int:
    """Train the share of this rank; return the exit status."""
    parent, folder, number, base, *adapter = arguments
    together.end_with(int(parent))
    reporting.own_session_stands_back()
    run_dir = Path(folder)
    request = Agreed(run_dir)
    request.listen()
    is_first = os.environ.get("RANK", "0") == "0"
    level = logging.INFO if is_first else logging.WARNING
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    try:
        _join()
        _train(run_dir, int(number), Path(base), *map(Path, adapter), request=request)
        _leave(run_dir, Outcome(state="trained"))
    except Stopped:
        _leave(run_dir, Outcome(state="stopped"))
    except Exception as error:
        log.exception("the phase failed")
        said = reporting.explain(error, run_dir)
        _leave(run_dir, Outcome(state="failed", message=said))
        return 1
    return 0


def _join() -> None:
    """Join the group that `accelerate launch` opened; a rank started alone stays alone."""
    if "RANK" not in os.environ:
        return
    import torch
    from accelerate import PartialState

    PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)


def _train(
    run_dir: Path, number: int, base: Path, adapter: Path | None = None, *, request: Request
) -> None:
    from training import phases

    spec = runs.load_spec(run_dir)
    phase = spec.phases[number - 1]
    report = (Reporter if together.is_first() else Silent)(run_dir, goes_on=True)
    beat = reporting.beat(run_dir, phase.name, request, report)
    phases.bound_threads(spec)
    phases.train(phases.job(spec, run_dir, number, base, adapter, [beat]))


def _leave(run_dir: Path, outcome: Outcome) -> None:
    """Write the outcome; of several the first one counts: what broke, not what that broke."""
    if outcome.state != "failed" and not together.is_first():
        return
    with suppress(FileExistsError), (run_dir / runs.GROUP).open("x", encoding="utf-8") as file:
        file.write(outcome.model_dump_json())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
