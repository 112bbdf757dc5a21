"""Readable names for new pictures: what was asked for, the seed, and a number when that is taken."""

import unicodedata
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

from wassily.picture import Picture
from wassily.picture.files import write_new
from wassily.picture.json import Json

SUFFIXES: Final = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}

_LONGEST_CHARACTERS: Final = 60
_LONGEST_BYTES: Final = 180  # file systems allow 255, and the seed, a number and the suffix come after
_KEPT: Final = frozenset("LMN")  # letters, the marks on them, digits: of every script


def save_picture(picture: Picture, folder: Path, *, form: str = "png", quality: int = 95) -> Path:
    """Write a picture under the first free name in a folder, which is made when it is not there.

    `form`: a key of SUFFIXES. Returns the path. Raises PictureError when the folder cannot be written.
    """
    suffix = SUFFIXES[form]
    data = picture.encode(form.upper(), quality=quality)
    for name in _names(picture):
        path = folder / f"{name}{suffix}"
        if path.exists():
            continue
        try:
            write_new(path, data)
        except FileExistsError:
            continue  # another program took the name in this moment
        return path
    raise AssertionError("names never run out")


def slug_of(text: str) -> str:
    """A text as part of a file name, safe on every system: letters and digits of any script and dashes.

    At most 60 characters and 180 bytes; empty when the text has no letters or digits.
    """
    plain = unicodedata.normalize("NFC", text).lower()
    letters = "".join(mark if unicodedata.category(mark)[0] in _KEPT else " " for mark in plain)
    slug = "-".join(letters.split())[:_LONGEST_CHARACTERS]
    return slug.encode()[:_LONGEST_BYTES].decode(errors="ignore").strip("-")


def _names(picture: Picture) -> Iterator[str]:
    recipe = picture.recipe
    base = f"{slug_of(_subject(dict(recipe.request))) or recipe.workflow}-{picture.seed}"
    frame = recipe.request.get("frame")
    if isinstance(frame, int):
        base = f"{base}-frame-{frame:03d}"
    yield base
    yield from (f"{base}-{number}" for number in count(2))


def _subject(request: Json) -> str:
    """What a picture shows, in words: its prompt, else the texts it was mixed from."""
    match request:
        case {"prompt": str(prompt)} if prompt.strip():
            return prompt
        case {"sources": list(sources)}:
            return " ".join(_subject(source) for source in sources)
        case {"start": start, "end": end}:
            return f"{_subject(start)} {_subject(end)}"
        case {"text": str(text)}:
            return text
    return ""
