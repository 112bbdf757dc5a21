"""A request comes back from its plain values, whatever it was made of."""

import base64
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from tests.picture.examples import MASK, PHOTO, REQUESTS, assert_same, recipe_of
from wassily.errors import PictureError, RequestError, WassilyError
from wassily.picture import Recipe, describe, request_of
from wassily.picture.packing import drop_images
from wassily.request import Image2Image, Interpolate, Text2Image


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_comes_back_through_json(name: str) -> None:
    recipe = Recipe.from_json(recipe_of(REQUESTS[name]).to_json())
    assert_same(request_of(recipe), REQUESTS[name])


def test_each_picture_of_several_has_its_own_request() -> None:
    values = describe(Text2Image(prompt="a", seed=7, count=3), seed=9)
    assert (values["seed"], values["count"]) == (9, 1)


def test_a_frame_is_drawn_alone() -> None:
    request = REQUESTS["interpolate"]
    again = request_of(recipe_of(request, frame=3))
    assert isinstance(again, Interpolate)
    assert again.positions == (0.75,)


def test_without_their_pixels_inputs_are_found_by_digest() -> None:
    request = REQUESTS["inpaint"]
    recipe = slim(recipe_of(request))
    assert_same(request_of(recipe, inputs=[MASK, PHOTO]), request)


def test_a_missing_input_is_one_clear_error() -> None:
    with pytest.raises(PictureError, match="80x70 is missing") as refusal:
        request_of(slim(recipe_of(REQUESTS["inpaint"])), inputs=[MASK])
    assert "--input" in refusal.value.fix


def test_metadata_of_an_input_picture_is_left_behind() -> None:
    photo = PHOTO.copy()
    photo.info |= {"icc_profile": b"a secret place", "dpi": (72, 72)}
    packed = describe(Image2Image(prompt="a", image=photo), seed=1)["image"]
    assert isinstance(packed, dict)
    with Image.open(io.BytesIO(base64.b64decode(str(packed["png"])))) as image:
        assert image.info == {}


@pytest.mark.parametrize(
    "values",
    [
        {"image": None},
        {"image": "x"},
        {"image": {}},
        {"image": {"sha256": "0", "png": "not base64!"}},
        {"image": {"sha256": "0", "png": "AAAA"}},
        {"image": {"sha256": "0", "png": 5}},
        {"mask": {"sha256": ["0"]}},
        {"steps": "many"},
        {"prompt": 4},
        {"surprise": 1},
        {"strength": [1]},
    ],
)
def test_damaged_values_are_errors_of_ours(values: dict[str, Any]) -> None:
    recipe = recipe_of(REQUESTS["inpaint"])
    with pytest.raises(WassilyError):
        request_of(replace(recipe, request={**recipe.request, **values}))


@pytest.mark.parametrize(
    "sources",
    [
        None,
        "abc",
        [],
        [5],
        [{}],
        [{"text": "a"}],
        [{"text": "a", "weight": "1"}],
        [{"embedding": {}, "weight": 1}],
        [{"embedding": {"vector": "AAAA", "text": ""}, "weight": 1}],
        [{"embedding": {"vector": "", "text": ""}, "weight": 1}],
        [{"picture": [], "weight": 1}],
    ],
)
def test_damaged_sources_are_errors_of_ours(sources: Any) -> None:
    recipe = recipe_of(REQUESTS["mix"])
    with pytest.raises(WassilyError):
        request_of(replace(recipe, request={**recipe.request, "sources": sources}))


def test_a_changed_input_picture_is_noticed() -> None:
    recipe = recipe_of(REQUESTS["image2image"])
    other = describe(replace(REQUESTS["image2image"], image=Image.new("RGB", (80, 70))), seed=1)["image"]
    original = recipe.request["image"]
    assert isinstance(original, dict)
    assert isinstance(other, dict)
    forged = {**original, "png": other["png"]}
    with pytest.raises(PictureError, match="digest"):
        request_of(replace(recipe, request={**recipe.request, "image": forged}))


def test_an_unknown_workflow_asks_for_a_newer_wassily() -> None:
    with pytest.raises(PictureError, match="unknown workflow"):
        request_of(replace(recipe_of(REQUESTS["text2image"]), workflow="video"))


def test_a_request_without_its_picture_is_incomplete() -> None:
    recipe = recipe_of(REQUESTS["image2image"])
    values = {name: value for name, value in recipe.request.items() if name != "image"}
    with pytest.raises(PictureError, match="incomplete"):
        request_of(replace(recipe, request=values))


def test_values_out_of_range_keep_their_own_error() -> None:
    recipe = recipe_of(REQUESTS["text2image"])
    with pytest.raises(RequestError, match="steps"):
        request_of(replace(recipe, request={**recipe.request, "steps": 0}))


def slim(recipe: Recipe) -> Recipe:
    request = drop_images(dict(recipe.request))
    assert isinstance(request, dict)
    return replace(recipe, request=request)
