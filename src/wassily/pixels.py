"""Pictures in, pictures as the engine wants them: upright RGB, grey masks, fitted and padded sizes."""

import warnings
from pathlib import Path
from typing import Final

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
