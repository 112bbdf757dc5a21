"""A recipe survives its own JSON, and nothing else passes for one."""

import json

import pytest

from tests.picture.examples import REQUESTS, recipe_of
from wassily.errors import PictureError
from wassily.picture import Recipe

RECIPE = recipe_of(REQUESTS["text2image"])


def test_a_recipe_comes_back_from_its_json() -> None:
    assert Recipe.from_json(RECIPE.to_json()) == RECIPE


def test_its_json_is_one_line_of_ascii() -> None:
    text = RECIPE.to_json()
    assert text.isascii()
    assert "\n" not in text


def test_a_newer_schema_asks_for_a_newer_wassily() -> None:
    with pytest.raises(PictureError, match="too new") as refusal:
        Recipe.from_json(changed(schema=2))
    assert "newer wassily" in refusal.value.fix


@pytest.mark.parametrize(
    "values",
    [
        {"schema": None},
        {"schema": "1"},
        {"schema": True},
        {"schema": 0},
        {"request": []},
        {"request": None},
        {"model": 3},
        {"versions": {"torch": 2}},
        {"notes": "x"},
        {"notes": [1]},
        {"batch": "12"},
        {"batch": ["1"]},
        {"seconds": "1"},
        {"revision": 4},
        {"surprise": 1},
    ],
)
def test_wrong_values_are_called_damaged(values: dict[str, object]) -> None:
    with pytest.raises(PictureError, match="damaged"):
        Recipe.from_json(changed(**values))


@pytest.mark.parametrize("name", ["workflow", "request", "model", "family"])
def test_missing_values_are_called_damaged(name: str) -> None:
    values = json.loads(RECIPE.to_json())
    del values[name]
    with pytest.raises(PictureError, match=name):
        Recipe.from_json(json.dumps(values))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "[" * 100_000, "{" * 5000, "\0"])
def test_what_is_no_json_object_is_called_damaged(text: str) -> None:
    with pytest.raises(PictureError, match="damaged"):
        Recipe.from_json(text)


def changed(**values: object) -> str:
    return json.dumps({**json.loads(RECIPE.to_json()), **values})
