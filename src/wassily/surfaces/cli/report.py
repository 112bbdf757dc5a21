"""What the person is told: results on standard output, all else on standard error."""

import json
import sys
import unicodedata
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wassily.errors import WassilyError
from wassily.surfaces.cli.interrupts import INTERRUPTED


def open_errors(*, quiet: bool = False) -> Console:
    """Standard error, or nowhere when quiet."""
    return Console(stderr=True, quiet=quiet, highlight=False)


def open_results() -> Console:
    """Standard output."""
    return Console(highlight=False)


def print_line(text: str) -> None:
    """One line of results, as it is and at once."""
    sys.stdout.write(text.encode("utf-8", "replace").decode() + "\n")
    sys.stdout.flush()


def print_json(value: object) -> None:
    """One line of JSON."""
    print_line(json.dumps(value, ensure_ascii=False, default=_plain))


def print_note(console: Console, text: str) -> None:
    """Something the person should know."""
    console.print(Text.assemble(("note: ", "yellow"), clean(text)), soft_wrap=True)


def print_error(error: WassilyError) -> None:
    """What is wrong, why, and what to do about it."""
    lines = Table.grid(padding=(0, 1))
    lines.add_row(Text("error:", "bold red"), Text(clean(error.what), "bold"))
    lines.add_row(Text("  why:", "dim"), Text(clean(error.why)))
    lines.add_row(Text("  fix:", "green"), Text(clean(error.fix)))
    open_errors().print(lines)


def clean(text: str) -> str:
    """A text that cannot steer the terminal: control and invisible formatting marks are replaced."""
    return "".join("\ufffd" if _steers(mark) else mark for mark in text)


def print_pairs(console: Console, pairs: Iterable[tuple[str, str]]) -> None:
    """Names and values, one below the other."""
    rows = [(name, clean(value)) for name, value in pairs]
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        head, *more = value.split("\n")
        console.print(Text.assemble((f"{name:<{width}}  ", "cyan"), head), soft_wrap=True)
        for line in more:
            console.print(Text(" " * (width + 2) + line), soft_wrap=True)


def guard(command: Callable[..., None]) -> Callable[..., None]:
    """The same command, its errors rendered and turned into exit codes."""

    @wraps(command)
    def run(*args: Any, **given: Any) -> None:
        try:
            command(*args, **given)
        except WassilyError as error:
            print_error(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            open_errors().print("Stopped.")
            raise typer.Exit(INTERRUPTED) from None

    return run


def _steers(mark: str) -> bool:
    return mark not in "\n\t" and unicodedata.category(mark) in ("Cc", "Cf", "Cs")


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON value")
