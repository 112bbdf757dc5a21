"""Small pictures and masks for the parity tests, drawn from seeds."""

import numpy as np
from PIL import Image, ImageDraw


def photo(width: int, height: int, *, seed: int = 0) -> Image.Image:
    """A smooth random RGB picture."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, size=(6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def hole(width: int, height: int) -> Image.Image:
    """A mask with a white ellipse that touches no border."""
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).ellipse((width // 4, height // 5, width * 3 // 4, height * 3 // 5), fill=255)
    return mask
