"""The families as a table, and the contract that the engine works with."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from PIL import Image
from torch import Tensor

from wassily.engine.events import Event
from wassily.engine.families.movq import Movq
from wassily.engine.sampling.moves import Move
from wassily.engine.sampling.schedule import Schedule
from wassily.request import Embedding

Source = str | Image.Image | Embedding


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What a family is made for, and its defaults; `neutral_guidance` is where guidance is off."""

    family: str
    width: int
    height: int
    steps: int
    guidance: float
    neutral_guidance: float
    prior_steps: int | None = None
    prior_guidance: float | None = None
    samplers: tuple[str, ...] = ("ddpm", "ddim", "dpm++2m", "dpm++2m-karras", "lcm")


SPECS: Final = {
    "kandinsky-2.1": Spec(
        family="kandinsky-2.1", width=768, height=768, steps=100, guidance=4.0, neutral_guidance=1.0,
        prior_steps=25, prior_guidance=4.0,
    ),
    "kandinsky-2.2": Spec(
        family="kandinsky-2.2", width=1024, height=1024, steps=50, guidance=4.0, neutral_guidance=1.0,
        prior_steps=25, prior_guidance=4.0,
    ),
    "kandinsky-3": Spec(
        family="kandinsky-3", width=1024, height=1024, steps=25, guidance=3.0, neutral_guidance=0.0,
        samplers=("ddpm", "ddim", "dpm++2m", "lcm", "original"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of a request and how they are to be read.

    `guidance` is the decoder's; `original` asks for the conditions of Kandinsky 3's own code.
    """

    prompt: str
    negative: str
    guidance: float
    prior_steps: int | None = None
    prior_guidance: float | None = None
    original: bool = False


class Family(Protocol):
    """A Kandinsky version: prompt to condition, condition to prediction, pixels to latents and back.

    A Concept is what a source means to this family before it becomes a condition, so that
    several can be mixed; both are records of the family's own.
    """

    spec: Spec
    schedule: Schedule
    movq: Movq
    inpaints: bool  # the network takes 9 channels
    keeps_while_inpainting: bool  # and wants the kept latents put back at every step

    def embed(self, source: Source, wording: Wording, seeds: Sequence[int]) -> Generator[Event, None, Any]:
        """The Concept of a text, picture or embedding for images of these seeds."""

    def blend(self, parts: Sequence[tuple[Any, float]]) -> Any:
        """The weighted sum of Concepts."""

    def turn(self, start: Any, end: Any, position: float) -> Any:
        """The Concept at `position` from start (0) to end (1), on the great circle."""

    def condition(self, concept: Any, wording: Wording, seeds: Sequence[int]) -> Generator[Event, None, Any]:
        """What `predict` needs, for images of these seeds; adds the negative side."""

    def predict(self, x_BCHW: Tensor, t: int, condition: Any, *, extra_BCHW: Tensor | None) -> Tensor:
        """The guided prediction, float32 (B, C, H, W), or 2C channels where the variance is learned."""

    def begin(self, clean: Tensor, noise: Tensor, *, move: Move, strength: float) -> Tensor:
        """The noised latents from which a picture is changed."""

    def inpaint_input(self, pixels_BCHW: Tensor, clean: Tensor, hole_B1HW: Tensor) -> tuple[Tensor, Tensor]:
        """(extra channels, mask of what stays (B, 1, h, w)) for a 9-channel network."""
