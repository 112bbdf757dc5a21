"""What a run tells while it goes on: a note, or a finished step. Pictures follow at its end."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

Stage = Literal["prior", "decoder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something the person should know, such as words that were cut from a long prompt."""

    kind: ClassVar[str] = "note"
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One finished step of the pictures with these seeds: `index` of `total`, from 1."""

    kind: ClassVar[str] = "step"
    stage: Stage
    index: int
    total: int
    seeds: tuple[int, ...]
    sketch: Callable[[], list[np.ndarray]]

    def previews(self) -> list[np.ndarray]:
        """A small uint8 H x W x 3 sketch of each picture so far; none in the prior's stage."""
        return self.sketch()


Event = Note | Step
