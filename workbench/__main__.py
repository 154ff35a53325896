"""`python -m workbench` and the `workbench` command."""

from __future__ import annotations


def main() -> None:
    """Run the command line; what a person can act on is told in a sentence, exit status 1."""
    from workbench.cli import run

    run()


if __name__ == "__main__":
    main()
