"""The commands under one name."""

from collections.abc import Callable
from typing import Annotated, Final

import typer

from wassily.surfaces.cli.listing import models
from wassily.surfaces.cli.mixing import embed, interpolate, mix
from wassily.surfaces.cli.options import spread
from wassily.surfaces.cli.pictures import generate, inpaint, outpaint, transform
from wassily.surfaces.cli.records import rerun, show
from wassily.surfaces.cli.report import guard

COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    generate,
    transform,
    inpaint,
    outpaint,
    mix,
    interpolate,
    embed,
    show,
    rerun,
    models,
)


def build_app() -> typer.Typer:
    """The command line with all its commands."""
    app = typer.Typer(
        name="wassily",
        help="Pictures with the Kandinsky models.",
        epilog="Files go to standard output, one path a line; all else goes to standard error.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for command in COMMANDS:
        app.command()(guard(spread(command)))
    return app


def _show_version(asked: bool) -> None:
    if asked:
        from wassily import __version__

        typer.echo(f"wassily {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", metavar="", help="Show the version and exit.", callback=_show_version, is_eager=True
    ),
]


def _root(version: Version = False) -> None:
    """Pictures with the Kandinsky models 2.1, 2.2 and 3."""
