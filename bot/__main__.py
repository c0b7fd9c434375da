"""``python -m bot`` is ``rendezvous``."""

from __future__ import annotations

from bot.cli.group import cli


def main() -> None:
    """Run the command line."""
    cli(prog_name="rendezvous")


if __name__ == "__main__":
    main()
