"""What a workflow makes of a request, before finishing."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np

from wassily.engine.events import Event


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """The pixels of one seed, uint8 H x W x 3; `frame` counts from 0 in a strip."""

    kind: ClassVar[str] = "drawn"
    seed: int
    pixels: np.ndarray
    frame: int | None = None


Workflow: TypeAlias = Generator[Event | Drawn, None, None]
