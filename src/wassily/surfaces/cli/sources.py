"""What is mixed: texts, picture files and embedding files, each with a weight after a last colon."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from wassily.errors import PictureError

if TYPE_CHECKING:
    from wassily.request import Embedding

    Given: TypeAlias = str | Path | Embedding

_WEIGHTED: Final = re.compile(r"(?P<source>.*\S)\s*:\s*(?P<weight>[+-]?\d+(?:\.\d*)?|[+-]?\.\d+)", re.DOTALL)
_FILES: Final = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
_EMBEDDING: Final = ".safetensors"


def read_source(text: str) -> "tuple[Given, float]":
    """A source of the command line, and its weight, 1 without.

    What exists as a file is that file; what looks like one and does not exist is a PictureError;
    all else is a text. `sunset:0.3` weighs 0.3; only a number after the last colon is a weight.
    """
    if _exists(text):
        return _open(text), 1.0
    if weighted := _WEIGHTED.fullmatch(text):
        return _open(weighted["source"]), float(weighted["weight"])
    return _open(text), 1.0


def name_source(source: "Given") -> str:
    """A source in words, for an embedding's text."""
    if isinstance(source, Path):
        return source.name
    return source if isinstance(source, str) else source.text


def _open(text: str) -> "Given":
    suffix = Path(text).suffix.lower()
    if suffix == _EMBEDDING:
        from wassily.picture import load_embedding

        return load_embedding(text)
    if _exists(text):
        return Path(text)
    if suffix in _FILES:
        raise PictureError(f"there is no picture {text}", why="no such file", fix="check the path")
    return text


def _exists(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False  # too long for a path, or with a zero byte: a text
