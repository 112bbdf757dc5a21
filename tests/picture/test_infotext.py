"""The text that AUTOMATIC1111 writes: what is written here is read there, and here again."""

from dataclasses import replace

import pytest

from tests.picture.examples import REQUESTS, recipe_of
from wassily.picture.infotext import parse_infotext, write_infotext

RECIPE = recipe_of(REQUESTS["text2image"])


@pytest.mark.parametrize(
    "model", ["plain", "org/name", "with, comma", 'with "quotes"', "with: colon", "two\nlines"]
)
def test_values_that_need_quotes_come_back(model: str) -> None:
    text = write_infotext(replace(RECIPE, model=model), width=64, height=64, seed=1)
    _, _, pairs = parse_infotext(text)
    assert pairs["Model"] == model


def test_without_a_negative_prompt_there_is_no_such_line() -> None:
    recipe = replace(RECIPE, request={**RECIPE.request, "negative": ""})
    assert "Negative prompt" not in write_infotext(recipe, width=64, height=64, seed=1)


def test_what_is_unknown_is_left_out() -> None:
    recipe = replace(RECIPE, request={"prompt": "a"}, digest=None)
    text = write_infotext(recipe, width=64, height=64, seed=1)
    assert text == "a\nSeed: 1, Size: 64x64, Model: mini-3, Version: wassily 0.1.0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("", "", {})),
        ("Steps: 1, Seed: 2, Size: 3x3", ("", "", {"Steps": "1", "Seed": "2", "Size": "3x3"})),
        ("a\nNegative prompt:", ("a", "", {})),
        ("a\nNegative prompt: b\nc", ("a", "b\nc", {})),
        ("a: b, c: d", ("a: b, c: d", "", {})),
    ],
)
def test_partial_texts(text: str, expected: tuple[str, str, dict[str, str]]) -> None:
    assert parse_infotext(text) == expected
