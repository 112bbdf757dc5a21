"""One recipe and picture of each workflow, for the tests of pictures and files."""

import numpy as np
from PIL import Image

from wassily.picture import Picture, Recipe, describe
from wassily.request import (
    Embedding,
    Image2Image,
    Inpaint,
    Interpolate,
    Mix,
    Outpaint,
    Request,
    Text2Image,
    workflow_of,
)

PROMPT = 'Рыжая лиса, 雪の森の狐: "тест"\nsecond line 🦊 \\ end'
RANDOM = np.random.default_rng(0)
PHOTO = Image.fromarray(RANDOM.integers(0, 256, (70, 80, 3), dtype=np.uint8))
MASK = Image.fromarray(np.where(np.arange(80) > 40, 255, 0).astype(np.uint8)[None].repeat(70, 0))
EMBEDDING = Embedding(
    vector=RANDOM.normal(size=768).astype(np.float32), negative=np.zeros(768, np.float32), text="лиса"
)

REQUESTS: dict[str, Request] = {
    "text2image": Text2Image(
        prompt=PROMPT, negative="blurry", steps=25, guidance=3.5, width=80, height=70, seed=2**63 - 1
    ),
    "image2image": Image2Image(prompt=PROMPT, image=PHOTO, strength=0.3, seed=1),
    "inpaint": Inpaint(prompt=PROMPT, image=PHOTO, mask=MASK, seed=2, feather=3),
    "outpaint": Outpaint(prompt=PROMPT, image=PHOTO, left=8, bottom=4, seed=3),
    "mix": Mix(sources=[("a cat: or not", 0.3), (PHOTO, 0.5), (EMBEDDING, 1)], seed=4),
    "interpolate": Interpolate(start=PHOTO, end="a dog", frames=5, end_seed=9, seed=5),
}


def recipe_of(request: Request, *, frame: int | None = None) -> Recipe:
    return Recipe(
        workflow=workflow_of(request),
        request=describe(request, seed=request.first_seed, frame=frame),
        model="mini-3",
        family="kandinsky-3",
        revision="abc",
        digest="0123456789",
        versions={"wassily": "0.1.0", "torch": "2.13.0"},
        device="cpu",
        dtype="float32",
        seconds=1.25,
        notes=("a word was cut",),
    )


def picture_of(request: Request) -> Picture:
    pixels = np.random.default_rng(request.first_seed % 1000).integers(0, 256, (70, 80, 3), dtype=np.uint8)
    return Picture(pixels=pixels, seed=request.first_seed, recipe=recipe_of(request))


def assert_same(one: Request, other: Request) -> None:
    """Two requests ask for the same picture, field by field."""
    assert type(one) is type(other)
    for name in ("prompt", "negative", "steps", "guidance", "width", "height", "seed", "sampler"):
        assert getattr(one, name) == getattr(other, name), name
    for name in ("image", "mask", "start", "end"):
        _assert_same_source(getattr(one, name, None), getattr(other, name, None))
    for (left, weight), (right, other_weight) in zip(
        getattr(one, "parts", ()), getattr(other, "parts", ()), strict=True
    ):
        assert weight == other_weight
        _assert_same_source(left, right)


def _assert_same_source(one: object, other: object) -> None:
    assert type(one) is type(other) or isinstance(one, Image.Image)
    if isinstance(one, Image.Image):
        assert isinstance(other, Image.Image)
        assert (one.mode, one.size, one.tobytes()) == (other.mode, other.size, other.tobytes())
    elif isinstance(one, Embedding):
        assert isinstance(other, Embedding)
        assert np.array_equal(one.vector, other.vector)
        assert one.text == other.text
    else:
        assert one == other
