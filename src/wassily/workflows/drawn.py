"""What a workflow makes of a request, before finishing."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np

from wassily.engine.events import Event


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """The pixels of one seed, uint8 H x W x 3; `frame` counts from 0 in a strip.

    `batch`: the seeds that were drawn at once, this one among them.
    """

    kind: ClassVar[str] = "drawn"
    seed: int
    pixels: np.ndarray
    batch: tuple[int, ...]
    frame: int | None = None


def drawn_batch(pixels: np.ndarray, seeds: tuple[int, ...]) -> Iterator[Drawn]:
    """The pictures of one batch, uint8 B x H x W x 3."""
    for seed, each in zip(seeds, pixels, strict=True):
        yield Drawn(seed=seed, pixels=each, batch=seeds)


Workflow: TypeAlias = Generator[Event | Drawn, None, None]
