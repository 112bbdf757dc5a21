"""What is asked for: one frozen record per kind of picture, validated once, when it is made.

A picture is a pure function of its request, the weights and the versions, so every field is
settled here: an omitted seed is drawn at once, a path becomes pixels, a bad value is refused.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from PIL import Image

from wassily.checks import check_number, check_prompt, check_text, check_whole
from wassily.errors import RequestError
from wassily.pixels import cover, grow, open_mask, open_rgb

SMALLEST_PX: Final = 64
LARGEST_PX: Final = 8192
LARGEST_SEED: Final = 2**63 - 1
MOST_STEPS: Final = 1000
MOST_IMAGES: Final = 10_000

SAMPLERS: Final = ("ddpm", "ddim", "dpm++2m", "dpm++2m-karras", "lcm", "original")

Picturelike: TypeAlias = Image.Image | str | Path
Source: TypeAlias = "str | Image.Image | Path | Embedding"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Embedding:
    """A CLIP image embedding of a 2.x prior: computed once, saved, and drawn from many times.

    `vector` is float32 of shape (dim,), 768 for 2.1 and 1280 for 2.2; `negative` has the same
    shape, or is None for the zero image's; `text` says what it was made from.
    """

    vector: np.ndarray
    negative: np.ndarray | None = None
    text: str = ""

    def __post_init__(self) -> None:
        for name, array in (("vector", self.vector), ("negative", self.negative)):
            if array is not None and (array.ndim != 1 or not np.isfinite(array).all()):
                raise RequestError(
                    f"the embedding's {name} is not usable",
                    why=f"it has shape {array.shape} or holds values that are not numbers",
                    fix="make it again with `wassily embed`",
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawing:
    """The fields every request shares; None means the model's own default.

    `width`, `height`: pixels, 64 to 8192, any value. `seed`: 0 to 2**63 - 1, drawn when None;
    picture i of `count` has seed + i. `guidance`: 0 and up, in the family's own scale (off at 1
    for 2.x, at 0 for 3). `sampler`: one of SAMPLERS. `prior_steps`, `prior_guidance`: 2.x only.
    Raises RequestError.
    """

    prompt: str = ""
    negative: str = ""
    steps: int | None = None
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    count: int = 1
    sampler: str | None = None
    prior_steps: int | None = None
    prior_guidance: float | None = None

    def __post_init__(self) -> None:
        check_text("prompt", self.prompt)
        check_text("negative", self.negative)
        check_whole("steps", self.steps, low=1, high=MOST_STEPS)
        check_whole("prior_steps", self.prior_steps, low=1, high=MOST_STEPS)
        check_number("guidance", self.guidance, low=0.0, high=100.0)
        check_number("prior_guidance", self.prior_guidance, low=0.0, high=100.0)
        check_whole("width", self.width, low=SMALLEST_PX, high=LARGEST_PX)
        check_whole("height", self.height, low=SMALLEST_PX, high=LARGEST_PX)
        check_whole("count", self.count, low=1, high=MOST_IMAGES)
        if self.sampler is not None and self.sampler not in SAMPLERS:
            raise RequestError(
                f"unknown sampler {self.sampler!r}",
                why="it is not one that works with these models",
                fix=f"use one of {', '.join(SAMPLERS)}",
            )
        check_whole("seed", self.seed, low=0, high=LARGEST_SEED)
        if self.seed is None:
            _settle(self, "seed", secrets.randbelow(2**32))
        check_whole("the last picture's seed", self.first_seed + self.count - 1, low=0, high=LARGEST_SEED)

    @property
    def first_seed(self) -> int:
        """The seed of the first picture."""
        assert self.seed is not None  # settled in __post_init__
        return self.seed

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seed of each picture."""
        return tuple(range(self.first_seed, self.first_seed + self.count))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Text2Image(Drawing):
    """A picture from words alone."""

    def __post_init__(self) -> None:
        Drawing.__post_init__(self)
        check_prompt(self.prompt)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Image2Image(Drawing):
    """A picture changed after words; `strength` 0 gives it back as it is, 1 forgets it.

    `image`: any mode and size, a Pillow image or a path. Without `width` and `height` the
    result has the picture's shape, no larger than the model's own size.
    """

    image: Picturelike
    strength: float = 0.75

    def __post_init__(self) -> None:
        Drawing.__post_init__(self)
        check_prompt(self.prompt)
        _settle(self, "image", open_rgb(self.image))
        check_number("strength", self.strength, low=0.0, high=1.0)

    @property
    def pixels(self) -> Image.Image:
        """The picture, upright RGB."""
        return _opened(self.image)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inpaint(Drawing):
    """The white part of a mask painted anew; what is black stays as it is, pixel for pixel.

    `mask`: any mode and size, white (above half) = repaint. `feather`: width in px of the soft
    edge inside the repainted part.
    """

    image: Picturelike
    mask: Picturelike
    strength: float = 1.0
    feather: int = 4

    def __post_init__(self) -> None:
        Drawing.__post_init__(self)
        check_prompt(self.prompt)
        _settle(self, "image", open_rgb(self.image))
        _settle(self, "mask", open_mask(self.mask))
        check_number("strength", self.strength, low=0.0, high=1.0)
        check_whole("feather", self.feather, low=0, high=LARGEST_PX)
        if self.hole.getextrema()[1] == 0:
            raise RequestError(
                "the mask is black everywhere",
                why="white marks what is painted anew, so there is nothing to do",
                fix="paint the part to change white, or invert the mask",
            )

    @property
    def pixels(self) -> Image.Image:
        """The picture, upright RGB."""
        return _opened(self.image)

    @property
    def hole(self) -> Image.Image:
        """The mask, mode L, 255 = repaint, 0 = keep."""
        return _opened(self.mask)

    @property
    def scene(self) -> tuple[Image.Image, Image.Image]:
        """The picture and its mask at the size of the result."""
        width, height = self.width or self.pixels.width, self.height or self.pixels.height
        return cover(self.pixels, width, height), cover(self.hole, width, height)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outpaint(Drawing):
    """The canvas grown by pixels per side, or to an aspect ratio (width over height), and filled.

    `aspect` grows the short side equally on both ends. `feather`: px of the old edge that the
    new part is blended over. `width` and `height` follow from the canvas and may not be given.
    """

    image: Picturelike
    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0
    aspect: float | None = None
    feather: int = 16

    def __post_init__(self) -> None:
        Drawing.__post_init__(self)
        check_prompt(self.prompt)
        _settle(self, "image", open_rgb(self.image))
        for name in ("left", "right", "top", "bottom", "feather"):
            check_whole(name, getattr(self, name), low=0, high=LARGEST_PX)
        check_number("aspect", self.aspect, low=0.05, high=20.0)
        sides = (self.left, self.right, self.top, self.bottom)
        if (self.aspect is not None) == any(sides):
            raise RequestError(
                "the new canvas is not clear",
                why="either some of left, right, top and bottom are given, or an aspect, not both",
                fix="give pixels for at least one side, or an aspect such as 16:9",
            )
        if self.width is not None or self.height is not None:
            raise RequestError(
                "an outpainted picture's size cannot be given",
                why="it is the picture's own size plus what is added",
                fix="give left, right, top, bottom or aspect only",
            )
        width, height = self.canvas
        if max(width, height) > LARGEST_PX:
            raise RequestError(
                f"the new canvas of {width}x{height} is too large",
                why=f"a side may have {LARGEST_PX} px at most",
                fix="add less, or make the picture smaller first",
            )

    @property
    def pixels(self) -> Image.Image:
        """The picture, upright RGB."""
        return _opened(self.image)

    @property
    def margins(self) -> tuple[int, int, int, int]:
        """What is added at left, top, right and bottom, in px."""
        if self.aspect is None:
            return self.left, self.top, self.right, self.bottom
        width, height = self.pixels.size
        across = max(round(height * self.aspect) - width, 0)
        down = 0 if across else max(round(width / self.aspect) - height, 0)
        return across // 2, down // 2, across - across // 2, down - down // 2

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height of the result, px."""
        left, top, right, bottom = self.margins
        width, height = self.pixels.size
        return width + left + right, height + top + bottom

    @property
    def scene(self) -> tuple[Image.Image, Image.Image]:
        """The grown canvas and its mask: white where it is new, and over the seam."""
        return grow(self.pixels, self.margins, self.feather)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mix(Drawing):
    """One picture of several things: texts, pictures and saved embeddings, each with a weight.

    `sources`: (text | Pillow image | path of a picture | Embedding, weight) pairs; the weights
    are used relative to their sum, which must be positive. `prompt` is read by 2.1's decoder only.
    """

    sources: Iterable[tuple[Source, float]]

    def __post_init__(self) -> None:
        Drawing.__post_init__(self)
        pairs = tuple((_open_source(source), weight) for source, weight in self.sources)
        for _, weight in pairs:
            check_number("weight", weight, low=-100.0, high=100.0)
        if not pairs or sum(weight for _, weight in pairs) <= 0:
            raise RequestError(
                "there is nothing to mix",
                why="no source is given, or the weights do not add up to more than 0",
                fix="give texts or pictures, each with a weight such as 0.5",
            )
        _settle(self, "sources", pairs)

    @property
    def parts(self) -> tuple[tuple[str | Image.Image | Embedding, float], ...]:
        """The opened sources and their weights, which sum to 1."""
        pairs: Any = self.sources
        total = sum(weight for _, weight in pairs)
        return tuple((source, weight / total) for source, weight in pairs)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Interpolate(Drawing):
    """A strip of `frames` pictures from `start` to `end`, along the great circle between them.

    All frames share the noise of `seed`; with `end_seed` the noise turns into that seed's. With
    `frame` only that one, from 0, is drawn. `count` is 1.
    """

    start: Source
    end: Source
    frames: int = 8
    end_seed: int | None = None
    frame: int | None = None

    def __post_init__(self) -> None:
        Drawing.__post_init__(self)
        _settle(self, "start", _open_source(self.start))
        _settle(self, "end", _open_source(self.end))
        check_whole("frames", self.frames, low=2, high=1000)
        check_whole("end_seed", self.end_seed, low=0, high=LARGEST_SEED)
        check_whole("frame", self.frame, low=0, high=self.frames - 1)
        check_whole("count", self.count, low=1, high=1)

    @property
    def positions(self) -> tuple[float, ...]:
        """Where the drawn frames lie between start (0) and end (1)."""
        drawn = range(self.frames) if self.frame is None else (self.frame,)
        return tuple(index / (self.frames - 1) for index in drawn)

    @property
    def ends(self) -> tuple[str | Image.Image | Embedding, str | Image.Image | Embedding]:
        """The opened start and end."""
        start: Any = self.start
        end: Any = self.end
        return start, end


Request: TypeAlias = Text2Image | Image2Image | Inpaint | Outpaint | Mix | Interpolate

WORKFLOWS: Final[dict[str, type[Request]]] = {
    "text2image": Text2Image,
    "image2image": Image2Image,
    "inpaint": Inpaint,
    "outpaint": Outpaint,
    "mix": Mix,
    "interpolate": Interpolate,
}


def workflow_of(request: Request) -> str:
    """The name of a request's workflow, a key of WORKFLOWS."""
    return type(request).__name__.lower()


def _settle(request: Any, name: str, value: object) -> None:
    """Set a field of a frozen record while it is being made."""
    object.__setattr__(request, name, value)


def _opened(picture: Picturelike) -> Image.Image:
    assert isinstance(picture, Image.Image)  # opened in __post_init__
    return picture


def _open_source(source: Source) -> str | Image.Image | Embedding:
    if isinstance(source, Path | Image.Image):
        return open_rgb(source)
    if isinstance(source, str):
        check_text("source", source)
        check_prompt(source)
        return source
    if isinstance(source, Embedding):
        return source
    raise RequestError(
        f"a source of type {type(source).__name__} cannot be mixed",
        why="sources are texts, pictures and embeddings",
        fix="give a str, a Pillow image, a pathlib.Path or an Embedding",
    )


__all__ = [
    "SAMPLERS",
    "WORKFLOWS",
    "Drawing",
    "Embedding",
    "Image2Image",
    "Inpaint",
    "Interpolate",
    "Mix",
    "Outpaint",
    "Request",
    "Text2Image",
    "workflow_of",
]
