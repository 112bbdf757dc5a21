"""From a request to files: load the model, watch the run, save each picture as it comes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from wassily.errors import RequestError
from wassily.settings import Preferences, read_preferences
from wassily.surfaces.cli.interrupts import INTERRUPTED, heed_interrupts, until
from wassily.surfaces.cli.options import Where, Which
from wassily.surfaces.cli.progress import watch
from wassily.surfaces.cli.report import open_errors, print_json, print_line, print_note

if TYPE_CHECKING:
    from wassily.make import Engine
    from wassily.picture import Picture
    from wassily.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A picture and the file it is in."""

    picture: "Picture"
    path: Path


def draw(request: "Request", which: Which, where: Where) -> None:
    """Draw what is asked for and say on standard output where the files are."""
    for saved in draw_files(request, which, where):
        print_saved(saved, where)


def draw_files(request: "Request", which: Which, where: Where, *, only: int | None = None) -> Iterator[Saved]:
    """Draw what is asked for and save it, picture by picture; of seed `only` alone if that is given.

    Raises WassilyError, and typer.Exit(130) after a first Ctrl-C, when what is finished is saved.
    """
    preferences = read_preferences()
    console = open_errors(quiet=where.quiet)
    check_destination(where, pictures=1 if only is not None else _count(request))
    engine = load_engine(which, preferences, console)
    from wassily.engine.events import Note

    console.print(announce(engine.settle(request), which.model or preferences.model), soft_wrap=True)
    with heed_interrupts(quiet=where.quiet) as asked:
        for event in watch(until(asked, engine.run(request)), console):
            if isinstance(event, Note):
                print_note(console, event.text)
            elif only in (None, event.seed):
                yield Saved(picture=event, path=save(event, where, preferences))
        if asked.is_set():
            raise typer.Exit(INTERRUPTED)


def load_engine(which: Which, preferences: Preferences, console: Console) -> "Engine":
    """The engine with its model; this is where torch is imported."""
    from wassily.make import Engine

    with console.status(f"Loading {which.model or preferences.model}"):
        return Engine.load(
            which.model or preferences.model,
            prior=which.prior,
            device=which.device or preferences.device,
            dtype=which.dtype or preferences.dtype,
            announce=lambda text: print_note(console, text),
        )


def check_destination(where: Where, *, pictures: int) -> None:
    """Refuse an output that cannot be, before any time is spent on the picture."""
    if where.output is None:
        return
    from wassily.picture.encoding import format_of
    from wassily.picture.files import taken

    form = format_of(where.output)
    if where.form is not None and where.form.upper() != form:
        raise RequestError(
            f"{where.output.name} is no {where.form} file",
            why="the suffix and --format ask for different formats",
            fix="leave out --format",
        )
    if where.output_dir is not None or pictures > 1:
        raise RequestError(
            "--output names one file",
            why="there are several pictures" if where.output_dir is None else "--output-dir is given as well",
            fix="use --output-dir alone: the files are then named by prompt and seed",
        )
    if where.output.exists():
        raise taken(where.output)


def save(picture: "Picture", where: Where, preferences: Preferences) -> Path:
    """Write a picture's file and give its path."""
    if where.output is not None:
        return picture.save(where.output)
    from wassily.library import save_picture

    return save_picture(picture, where.output_dir or preferences.output_dir, form=where.form or "png")


def print_saved(saved: Saved, where: Where, **more: object) -> None:
    """A file's path, or with --json all about it, on standard output."""
    if not where.json:
        print_line(str(saved.path))
        return
    from wassily.picture.packing import drop_images

    picture = saved.picture
    size = {"width": picture.width, "height": picture.height}
    recipe = drop_images(json.loads(picture.recipe.to_json()))
    told = {"path": saved.path, "seed": picture.seed, **size, "seconds": picture.recipe.seconds}
    print_json({**told, **more, "recipe": recipe})


def announce(request: "Request", model: str) -> str:
    """One line on what will be done."""
    count, seeds = _count(request), request.seeds
    canvas: tuple[int, int] | None = getattr(request, "canvas", None)
    width, height = canvas or (request.width, request.height)
    parts = [
        "one picture" if count == 1 else f"{count} pictures",
        f"{width}x{height}",
        f"{request.steps} steps",
        f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}",
    ]
    return f"{model}: {', '.join(parts)}"


def _count(request: "Request") -> int:
    """How many pictures a request gives."""
    positions: tuple[float, ...] = getattr(request, "positions", ())
    return len(positions) or request.count
