"""Pictures in, pictures as the engine wants them: upright RGB, grey masks, fitted and padded sizes."""

import warnings
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from wassily.errors import PictureError

MOST_PIXELS: Final = 200_000_000


def open_rgb(source: Image.Image | str | Path) -> Image.Image:
    """A picture as upright RGB: EXIF orientation applied, alpha laid on white, 16 bit scaled to 8.

    Raises PictureError when it is no picture, is damaged, or has over 200 million pixels.
    """
    image = ImageOps.exif_transpose(_open(source))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return _to_eight_bits(image).convert("RGB")


def open_mask(source: Image.Image | str | Path) -> Image.Image:
    """A mask as mode L holding only 0 (keep) and 255 (repaint), split at half brightness."""
    image = ImageOps.exif_transpose(_open(source))
    if image.has_transparency_data:
        image = open_rgb(image)
    grey = _to_eight_bits(image).convert("L")
    return grey.point([0] * 128 + [255] * 128)


def cover(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture at exactly this size: scaled to fill it, the longer side cropped from both ends."""
    if image.size == (width, height):
        return image
    method = Image.Resampling.NEAREST if image.mode == "L" else Image.Resampling.LANCZOS
    return ImageOps.fit(image, (width, height), method)


def within(width: int, height: int, *, area: int, shortest: int) -> tuple[int, int]:
    """The largest size of this shape with at most `area` pixels and no side under `shortest`."""
    scale = min(1.0, (area / (width * height)) ** 0.5)
    scale = max(scale, shortest / min(width, height))
    return max(round(width * scale), shortest), max(round(height * scale), shortest)


def pad_edges(pixels: np.ndarray, width: int, height: int, *, edge: bool = True) -> np.ndarray:
    """H x W (x C) pixels centred on a larger canvas, the border repeated, or zero without `edge`."""
    left, top = (width - pixels.shape[1]) // 2, (height - pixels.shape[0]) // 2
    right, bottom = width - pixels.shape[1] - left, height - pixels.shape[0] - top
    widths = ((top, bottom), (left, right), *((0, 0),) * (pixels.ndim - 2))
    return np.pad(pixels, widths, mode="edge" if edge else "constant")


def crop_centre(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """The middle of (..., H, W, C) pixels, at exactly this size: what pad_edges undoes."""
    left, top = (pixels.shape[-2] - width) // 2, (pixels.shape[-3] - height) // 2
    return pixels[..., top : top + height, left : left + width, :]


def grow(
    image: Image.Image, margins: tuple[int, int, int, int], overlap: int
) -> tuple[Image.Image, Image.Image]:
    """A larger canvas (border repeated) and its mask: white where new and `overlap` px into the old.

    `margins`: px added at left, top, right and bottom; sides that do not grow have no overlap.
    """
    left, top, right, bottom = margins
    pixels = np.pad(np.asarray(image), ((top, bottom), (left, right), (0, 0)), mode="edge")
    hole = np.full(pixels.shape[:2], 255, dtype=np.uint8)
    rows, columns = image.height, image.width
    inner = [
        min(overlap, size // 4) if margin else 0
        for margin, size in zip(margins, (columns, rows) * 2, strict=True)
    ]
    hole[top + inner[1] : top + rows - inner[3], left + inner[0] : left + columns - inner[2]] = 0
    return Image.fromarray(pixels), Image.fromarray(hole)


def _open(source: Image.Image | str | Path) -> Image.Image:
    if isinstance(source, Image.Image):
        return source
    path = Path(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as image:
                _refuse_bomb(path, image)
                image.load()
                return image
    except PictureError:
        raise
    except FileNotFoundError as error:
        raise PictureError(f"there is no picture {path}", why="no such file", fix="check the path") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(
            f"{path} cannot be read as a picture",
            why=str(error) or type(error).__name__,
            fix="give a PNG, JPEG, WebP, TIFF, BMP or GIF file that opens elsewhere",
        ) from error


def _refuse_bomb(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise PictureError(
            f"{path} is too large",
            why=f"{image.width}x{image.height} is over {MOST_PIXELS // 10**6} million pixels",
            fix="scale it down first",
        )


def _to_eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        return image.convert("F").point(lambda value: value * (1 / 257) + 0).convert("L")
    return image
