"""Pixels and recipe as the bytes of a PNG, JPEG or WebP file.

PNG: the text `parameters` as AUTOMATIC1111 writes it, and the text `wassily` with the recipe's JSON.
JPEG, WebP: EXIF UserComment with the first, and EXIF MakerNote with `wassily`, a zero byte and the
second, compressed by zlib. An EXIF block of a JPEG holds 64 kB, so there input pictures are
named by digest and size only.
"""

import io
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Final

from PIL import Image, PngImagePlugin

from wassily.errors import PictureError
from wassily.picture.infotext import write_infotext
from wassily.picture.packing import drop_images
from wassily.picture.recipe import Recipe

FORMATS: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

EXIF_IFD: Final = 0x8769
USER_COMMENT: Final = 0x9286
MAKER_NOTE: Final = 0x927C
MAKER: Final = b"wassily\0"
UNICODE: Final = b"UNICODE\0"

_MOST_EXIF_BYTES: Final = 65_000  # a JPEG segment has 65,533, of which Pillow takes a few for itself
_MOST_TEXT_BYTES: Final = 48 * 2**20  # readers made with Pillow refuse more than 64 MiB of PNG text


def format_of(path: Path) -> str:
    """Pillow's name of the format that a file name's suffix asks for; raises PictureError."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise PictureError(
            f"{path.name} has no suffix of a picture format wassily writes",
            why=f"the suffix is {suffix!r}" if suffix else "there is no suffix",
            fix="end the name in .png, .jpg or .webp",
        )
    return FORMATS[suffix]


def encode_picture(image: Image.Image, recipe: Recipe, *, seed: int, form: str, quality: int = 95) -> bytes:
    """The bytes of a file; `form`: a value of FORMATS; `quality`: 1 to 100, where 100 is lossless in WebP.

    PNG is always lossless. Raises PictureError when the settings do not fit.
    """
    if not 1 <= quality <= 100:
        raise PictureError(
            f"quality is {quality}", why="it must lie between 1 and 100", fix="95 is a good value"
        )
    infotext = write_infotext(recipe, width=image.width, height=image.height, seed=seed)
    buffer = io.BytesIO()
    match form:
        case "PNG":
            image.save(buffer, "PNG", pnginfo=_png_texts(infotext, recipe))
        case "JPEG":
            image.save(buffer, "JPEG", quality=quality, subsampling=0, exif=_jpeg_exif(infotext, recipe))
        case _:
            exif = _exif(infotext, recipe)
            image.save(buffer, "WEBP", quality=quality, lossless=quality == 100, exif=exif)
    return buffer.getvalue()


def _png_texts(infotext: str, recipe: Recipe) -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", infotext.replace("\0", ""))
    whole = recipe.to_json()
    texts.add_text("wassily", whole if len(whole) <= _MOST_TEXT_BYTES else _without_images(recipe).to_json())
    return texts


def _jpeg_exif(infotext: str, recipe: Recipe) -> bytes:
    small = _without_images(recipe)
    exif = _exif(infotext, small)
    if len(exif) > _MOST_EXIF_BYTES:
        exif = _exif("", small)  # a very long prompt: the recipe holds it as well, and in less room
    if len(exif) > _MOST_EXIF_BYTES:
        raise PictureError(
            "the picture's settings do not fit into a JPEG file",
            why=f"they take {len(exif)} bytes, and there is room for {_MOST_EXIF_BYTES}",
            fix="save it as PNG or WebP",
        )
    return exif


def _exif(infotext: str, recipe: Recipe) -> bytes:
    exif = Image.Exif()
    block = exif.get_ifd(EXIF_IFD)
    if infotext:
        block[USER_COMMENT] = UNICODE + infotext.encode("utf-16-be")
    block[MAKER_NOTE] = MAKER + zlib.compress(recipe.to_json().encode("ascii"), level=9)
    return exif.tobytes()


def _without_images(recipe: Recipe) -> Recipe:
    request = drop_images(dict(recipe.request))
    assert isinstance(request, dict)  # as it was before
    return replace(recipe, request=request)
