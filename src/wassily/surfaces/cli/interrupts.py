"""Ctrl-C: the first ends the run after the step it is in, the second ends it at once."""

import os
import signal
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from threading import Event
from types import FrameType
from typing import Final, TypeVar

T = TypeVar("T")

INTERRUPTED: Final = 130  # what shells expect of a program that Ctrl-C ended

_WORDS: Final = b"\nStopping after this step; press Ctrl-C again to stop at once.\n"


@contextmanager
def heed_interrupts(*, quiet: bool) -> Iterator[Event]:
    """Within this context the first Ctrl-C only sets the event that it gives."""
    asked = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if not quiet:
            os.write(2, _WORDS)  # a signal may come in the middle of a buffered write

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def until(asked: Event, events: Generator[T, None, None]) -> Generator[T, None, None]:
    """The events up to the first that ends after the event `asked` is set; the rest are cancelled."""
    with closing(events):
        for event in events:
            yield event
            if asked.is_set():
                return
