"""The texts that a picture file carries, whoever wrote them."""

import warnings
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError

from wassily.errors import PictureError
from wassily.picture.encoding import EXIF_IFD, MAKER, MAKER_NOTE, UNICODE, USER_COMMENT
from wassily.picture.json import LONGEST_TEXT, damaged

_ASCII: Final = b"ASCII\0\0\0"
_PLAIN_TAGS: Final = (
    0x010E,
    0x010F,
    0x0110,
)  # description, make, model: where ComfyUI's nodes put "prompt:{...}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What a file says about itself: its size in px, and its texts by name.

    EXIF's UserComment stands under `parameters`, as it holds what PNG files keep there.
    """

    width: int
    height: int
    texts: Mapping[str, str]


def read_tags(path: str | Path) -> Tags:
    """The texts of a PNG, JPEG or WebP file; raises PictureError when it is none or is damaged."""
    path = Path(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about size and odd EXIF: only texts are read
            with Image.open(path, formats=["PNG", "JPEG", "WEBP"]) as image:
                plain = {str(name): text for name, text in image.info.items() if isinstance(text, str)}
                return Tags(width=image.width, height=image.height, texts=_read_exif(image) | plain)
    except FileNotFoundError as error:
        raise PictureError(f"there is no picture {path}", why="no such file", fix="check the path") from error
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{path} is no picture file", why="it is no PNG, JPEG or WebP", fix="give the file wassily saved"
        ) from error
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, Image.DecompressionBombError) as error:
        raise damaged(str(path), str(error) or type(error).__name__) from error


def _read_exif(image: Image.Image) -> dict[str, str]:
    if "exif" not in image.info:
        return {}
    exif = image.getexif()
    block = {**exif, **exif.get_ifd(EXIF_IFD)}
    texts = {}
    for tag in _PLAIN_TAGS:
        name, colon, value = str(exif.get(tag, "")).partition(":")
        if colon and value.lstrip().startswith("{"):
            texts[name.strip().lower()] = value.rstrip("\0")
    if comment := _decode_comment(block.get(USER_COMMENT)):
        texts["parameters"] = comment
    note = block.get(MAKER_NOTE)
    if isinstance(note, bytes) and note.startswith(MAKER):
        texts["wassily"] = _inflate(note.removeprefix(MAKER))
    elif _decode_comment(note) in ("fooocus", "a1111"):
        texts["fooocus_scheme"] = _decode_comment(note)
    return texts


def _inflate(data: bytes) -> str:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, LONGEST_TEXT)
    except zlib.error as error:
        raise damaged("the recipe", str(error)) from error
    if not inflater.eof:
        raise damaged("the recipe", "it is cut short or too long")
    return text.decode("ascii", "replace")


def _decode_comment(value: object) -> str:
    """EXIF's UserComment: a mark of eight bytes for the coding, then the text."""
    if isinstance(value, str):
        return value.strip("\0 ")
    if not isinstance(value, bytes):
        return ""
    if value.startswith(UNICODE):
        return _decode_utf16(value.removeprefix(UNICODE)).strip("\0 ")
    return value.removeprefix(_ASCII).decode("utf-8", "replace").strip("\0 ")


def _decode_utf16(data: bytes) -> str:
    """UTF-16 of either order: a mark decides, or which order gives more of the ASCII in settings."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    little = data[1::2].count(0) > data[0::2].count(0)
    return data.decode("utf-16-le" if little else "utf-16-be", "replace")
