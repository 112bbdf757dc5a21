"""The command line: flags in, requests to the engine, files out."""

import sys

from wassily.surfaces.cli.interrupts import INTERRUPTED


def main() -> None:
    """Run the command line and exit."""
    try:
        from wassily.surfaces.cli.app import build_app  # in here, so that Ctrl-C may come this early

        build_app()(prog_name="wassily")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


__all__ = ["main"]
