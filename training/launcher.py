"""`accelerate launch` of a training group: `python -m training.launcher PARENT CONFIG THREADS …`.

It is a process of its own so that it can bind its life to its parent's before it starts the ranks,
and leave SIGTERM and Ctrl-C to them: they agree on the step that they stop after.
"""

from __future__ import annotations

import os
import signal
import sys

from training import together


def main(arguments: list[str]) -> None:
    """Start the ranks as the file CONFIG says and wait for them; raise where one failed."""
    parent, config, threads, *rest = arguments
    together.end_with(int(parent))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    from accelerate.commands.launch import launch_command, launch_command_parser

    asked = ["--config_file", config, "--num_cpu_threads_per_process", threads, "--module"]
    ranks = ["training.ranks", str(os.getpid()), *rest]
    parsed = launch_command_parser().parse_args([*asked, *ranks])
    parsed.signals_to_handle = "SIGQUIT"  # torchrun would end the ranks on the others
    launch_command(parsed)


if __name__ == "__main__":
    main(sys.argv[1:])
