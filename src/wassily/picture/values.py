"""A request as plain JSON values, and the request out of them again."""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from PIL import Image

from wassily.errors import PictureError
from wassily.picture.json import Json, damaged
from wassily.picture.packing import digest_of, pack_embedding, pack_image, unpack_embedding, unpack_image
from wassily.picture.recipe import Recipe
from wassily.pixels import open_mask, open_rgb
from wassily.request import WORKFLOWS, Embedding, Request

_IMAGES: Final = ("image", "mask")
_ENDS: Final = ("start", "end")


def describe(request: Request, *, seed: int, frame: int | None = None) -> dict[str, Json]:
    """The values of the request that draws one picture of `request` alone.

    `seed`: that picture's own. `frame`: which frame of an interpolation it is, from 0.
    Input pictures are inside, losslessly. What was left to the model's default is None.
    """
    values = {field.name: _pack(field.name, getattr(request, field.name)) for field in fields(request)}
    values |= {"seed": seed, "count": 1}
    if frame is not None:
        values["frame"] = frame
    return values


def request_of(recipe: Recipe, *, inputs: Iterable[Image.Image | str | Path] = ()) -> Request:
    """The request a picture was made by; the same model makes the same picture of it.

    `inputs`: the input pictures, in any order, which a JPEG file does not hold itself.
    Raises PictureError when the recipe is damaged or an input is missing, and RequestError when
    its values mean nothing.
    """
    if recipe.workflow not in WORKFLOWS:
        raise PictureError(
            f"the picture was made by an unknown workflow {recipe.workflow!r}",
            why=f"this wassily knows {', '.join(WORKFLOWS)}",
            fix="install a newer wassily",
        )
    kind = WORKFLOWS[recipe.workflow]
    if unknown := recipe.request.keys() - {field.name for field in fields(kind)}:
        raise damaged("the recipe", f"its request has an unknown field {min(unknown)!r}")
    at_hand = _index(inputs)
    values = {name: _unpack(name, value, at_hand) for name, value in recipe.request.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise damaged("the recipe", f"its request is incomplete: {error}") from error


def _index(inputs: Iterable[Image.Image | str | Path]) -> dict[str, Image.Image]:
    """Every input by its digest, both as a picture and as a mask."""
    opened = [image for given in inputs for image in (open_rgb(given), open_mask(given))]
    return {digest_of(image): image for image in opened}


def _pack(name: str, value: Any) -> Json:
    if name == "sources":
        return [{**_pack_source(source), "weight": weight} for source, weight in value]
    if name in _ENDS:
        return _pack_source(value)
    if name in _IMAGES:
        return pack_image(value)
    plain: Json = value
    return plain


def _pack_source(source: str | Image.Image | Embedding) -> dict[str, Json]:
    if isinstance(source, str):
        return {"text": source}
    if isinstance(source, Embedding):
        return {"embedding": pack_embedding(source)}
    return {"picture": pack_image(source)}


def _unpack(name: str, value: Json, inputs: dict[str, Image.Image]) -> Any:
    if name == "sources":
        pairs = value if isinstance(value, list) else []
        return [
            (_unpack_source(pair, inputs), pair.get("weight")) for pair in pairs if isinstance(pair, dict)
        ]
    if name in _ENDS:
        return _unpack_source(value, inputs)
    if name in _IMAGES:
        return unpack_image(value, inputs)
    return value


def _unpack_source(value: Json, inputs: dict[str, Image.Image]) -> str | Image.Image | Embedding:
    match value:
        case {"text": str(text)}:
            return text
        case {"embedding": embedding}:
            return unpack_embedding(embedding)
        case {"picture": picture}:
            return unpack_image(picture, inputs)
    raise damaged("the recipe", "a source in it is no text, picture or embedding")
