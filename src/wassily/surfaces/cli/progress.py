"""How far a run has come, on standard error: a bar on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Final, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from wassily.engine.events import Note, Step
    from wassily.picture import Picture

    Event: TypeAlias = Note | Step | Picture

_LINE_EVERY_S: Final = 5.0


def watch(events: "Generator[Event, None, None]", console: Console) -> "Iterator[Note | Picture]":
    """Show the steps of a run and pass on its notes and pictures, the bar put away meanwhile."""
    with closing(events):
        if console.is_terminal and not console.quiet:
            yield from _watch_with_bar(events, console)
        else:
            yield from _watch_with_lines(events, console)


def _watch_with_bar(events: "Iterator[Event]", console: Console) -> "Iterator[Note | Picture]":
    from wassily.engine.events import Step

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", style="dim"),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        expand=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    task = bar.add_task("Preparing", total=None, rate="")
    began = time.monotonic()
    try:
        for event in events:
            if not isinstance(event, Step):
                bar.stop()
                yield event
                continue
            bar.start()
            if event.index == 1:
                bar.reset(task, description=name_stage(event), total=event.total)
                began = time.monotonic()
            rate = rate_of(event.index - 1, time.monotonic() - began)
            bar.update(task, description=name_stage(event), completed=event.index, rate=rate)
    finally:
        bar.stop()


def _watch_with_lines(events: "Iterator[Event]", console: Console) -> "Iterator[Note | Picture]":
    from wassily.engine.events import Step

    began = said = time.monotonic()
    for event in events:
        if not isinstance(event, Step):
            yield event
            continue
        now = time.monotonic()
        if event.index == 1:
            began = now
        if event.index == event.total or now - said >= _LINE_EVERY_S:
            rate = rate_of(event.index - 1, now - began)
            line = f"{name_stage(event)}: step {event.index} of {event.total}"
            console.print(f"{line}, {rate}" if rate else line, soft_wrap=True)
            said = now


def name_stage(step: "Step") -> str:
    """The stage in words, with the seeds it works on."""
    verb = {"prior": "Imagining", "decoder": "Drawing"}.get(step.stage, step.stage)
    first, *more = step.seeds or (0,)
    return f"{verb} seed {first}" if not more else f"{verb} seeds {first} to {more[-1]}"


def rate_of(steps: int, seconds: float) -> str:
    """Steps per second, or seconds per step when there are fewer than one; "" before the first."""
    if steps < 1 or seconds <= 0:
        return ""
    rate = steps / seconds
    return f"{rate:.1f} steps/s" if rate >= 1 else f"{1 / rate:.1f} s/step"
