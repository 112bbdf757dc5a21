"""A finished picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from wassily.picture.encoding import encode_picture, format_of
from wassily.picture.files import write_named
from wassily.picture.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """Pixels, and how they came about.

    `pixels`: uint8, height x width x 3, RGB, read-only. `seed`: the picture's own.
    """

    kind: ClassVar[str] = "picture"

    pixels: np.ndarray
    seed: int
    recipe: Recipe

    def __post_init__(self) -> None:
        assert self.pixels.dtype == np.uint8, self.pixels.dtype
        assert self.pixels.ndim == 3, self.pixels.shape
        assert self.pixels.shape[2] == 3, self.pixels.shape
        pixels = np.array(self.pixels, order="C")
        pixels.flags.writeable = False
        object.__setattr__(self, "pixels", pixels)

    @property
    def width(self) -> int:
        """Width in px."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in px."""
        return int(self.pixels.shape[0])

    @property
    def image(self) -> Image.Image:
        """The pixels as a Pillow image, mode RGB."""
        return Image.fromarray(self.pixels)

    def encode(self, form: str, *, quality: int = 95) -> bytes:
        """The bytes of a file with the recipe inside; `form`: "PNG", "JPEG" or "WEBP"."""
        return encode_picture(self.image, self.recipe, seed=self.seed, form=form, quality=quality)

    def save(self, path: str | Path, *, quality: int = 95) -> Path:
        """Write a new file, its recipe inside; the suffix decides the format.

        `quality`: 1 to 100, for JPEG and WebP, where 100 is lossless WebP; PNG always is.
        Raises PictureError when the name is taken, the suffix unknown or the folder not writable.
        """
        path = Path(path)
        write_named(path, self.encode(format_of(path), quality=quality))
        return path
