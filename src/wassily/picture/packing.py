"""Input pictures and embeddings as plain values, and back: a picture file holds what it was made of."""

import base64
import hashlib
import io
from collections.abc import Mapping
from typing import Final

import numpy as np
from PIL import Image

from wassily.errors import PictureError
from wassily.picture.json import Json, damaged
from wassily.pixels import MOST_PIXELS
from wassily.request import Embedding

_MODES: Final = ("RGB", "L")


def digest_of(image: Image.Image) -> str:
    """The SHA-256 of a picture's mode, size and pixels: the same whatever file they came in."""
    head = f"{image.mode} {image.width}x{image.height} ".encode()
    return hashlib.sha256(head + image.tobytes()).hexdigest()


def pack_image(image: Image.Image) -> dict[str, Json]:
    """A picture as base64 of a PNG, with its digest, size and mode."""
    buffer = io.BytesIO()
    Image.frombytes(image.mode, image.size, image.tobytes()).save(buffer, "PNG")  # pixels, no metadata
    return {
        "sha256": digest_of(image),
        "mode": image.mode,
        "width": image.width,
        "height": image.height,
        "png": base64.b64encode(buffer.getvalue()).decode(),
    }


def unpack_image(value: Json, inputs: Mapping[str, Image.Image]) -> Image.Image:
    """The picture of `pack_image`: out of the value itself, or out of `inputs` by its digest.

    Raises PictureError when it is in neither, or is damaged.
    """
    if not isinstance(value, dict) or not isinstance(digest := value.get("sha256"), str):
        raise damaged("the recipe", "an input picture in it has no digest")
    if digest in inputs:
        return inputs[digest]
    if "png" not in value:
        raise PictureError(
            f"an input picture of {value.get('width')}x{value.get('height')} is missing",
            why="the file keeps its digest only: JPEG has no room for the pixels",
            fix="give the same input picture again, with --input on the command line",
        )
    image = _decode_png(_decode_bytes(value["png"]))
    if digest_of(image) != digest:
        raise damaged("the recipe", "an input picture in it does not match its digest")
    return image


def pack_embedding(embedding: Embedding) -> dict[str, Json]:
    """An embedding as base64 of little-endian float32."""
    negative = None if embedding.negative is None else _pack_vector(embedding.negative)
    return {"vector": _pack_vector(embedding.vector), "negative": negative, "text": embedding.text}


def unpack_embedding(value: Json) -> Embedding:
    """The embedding of `pack_embedding`; raises PictureError when it is damaged."""
    if not isinstance(value, dict) or not isinstance(text := value.get("text"), str):
        raise damaged("the recipe", "an embedding in it has no text")
    negative = value.get("negative")
    return Embedding(
        vector=_unpack_vector(value.get("vector")),
        negative=None if negative is None else _unpack_vector(negative),
        text=text,
    )


def drop_images(value: Json) -> Json:
    """The same values with the digests of input pictures only."""
    if isinstance(value, list):
        return [drop_images(item) for item in value]
    if isinstance(value, dict):
        packed = "sha256" in value
        return {name: drop_images(item) for name, item in value.items() if not (packed and name == "png")}
    return value


def _pack_vector(vector: np.ndarray) -> str:
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()


def _unpack_vector(value: Json) -> np.ndarray:
    data = _decode_bytes(value)
    if not data or len(data) % 4:
        raise damaged("the recipe", "an embedding in it is cut short")
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def _decode_bytes(value: Json) -> bytes:
    try:
        return base64.b64decode(value if isinstance(value, str) else "", validate=True)
    except ValueError as error:
        raise damaged("the recipe", str(error)) from error


def _decode_png(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.mode not in _MODES or image.width * image.height > MOST_PIXELS:
                raise damaged("the recipe", "an input picture in it is of a wrong mode or size")
            image.load()
            return image
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise damaged("the recipe", f"an input picture in it cannot be read: {error}") from error
