"""A request is settled and checked once, when it is made."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from wassily.errors import PictureError, RequestError
from wassily.request import (
    LARGEST_SEED,
    WORKFLOWS,
    Embedding,
    Image2Image,
    Inpaint,
    Interpolate,
    Mix,
    Outpaint,
    Text2Image,
    workflow_of,
)

PICTURE = Image.new("RGB", (96, 64), "red")
WHITE = Image.new("L", (96, 64), 255)
BLACK = Image.new("L", (96, 64), 0)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \n"}, "prompt"),
        ({"prompt": ["a"]}, "prompt"),
        ({"negative": None}, "negative"),
        ({"steps": 0}, "steps"),
        ({"steps": 1001}, "steps"),
        ({"steps": 2.5}, "steps"),
        ({"steps": True}, "steps"),
        ({"prior_steps": 0}, "prior_steps"),
        ({"guidance": -0.1}, "guidance"),
        ({"guidance": float("nan")}, "guidance"),
        ({"guidance": "4"}, "guidance"),
        ({"guidance": 10**400}, "guidance"),
        ({"guidance": float("inf")}, "guidance"),
        ({"prior_guidance": 101}, "prior_guidance"),
        ({"width": 63}, "width"),
        ({"height": 8193}, "height"),
        ({"width": 512.0}, "width"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"count": 0}, "count"),
        ({"sampler": "euler"}, "sampler"),
        ({"seed": LARGEST_SEED, "count": 2}, "seed"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(values: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestError, match=named) as refusal:
        Text2Image(**{"prompt": "a fox", **values})
    assert refusal.value.why
    assert refusal.value.fix


def test_the_edges_of_each_range_are_allowed() -> None:
    request = Text2Image(
        prompt="a", steps=1000, guidance=0, prior_guidance=100, width=64, height=8192, seed=LARGEST_SEED
    )
    assert (request.steps, request.guidance, request.width, request.height) == (1000, 0, 64, 8192)
    assert request.seeds == (LARGEST_SEED,)


def test_a_seed_left_out_is_drawn_at_once() -> None:
    seeds = {Text2Image(prompt="a").first_seed for _ in range(20)}
    assert len(seeds) > 1
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_seeds_count_up_from_the_first() -> None:
    assert Text2Image(prompt="a", seed=7, count=3).seeds == (7, 8, 9)


def test_requests_are_frozen() -> None:
    with pytest.raises(AttributeError):
        Text2Image(prompt="a").prompt = "b"  # type: ignore[misc]


def test_a_request_can_be_replaced_in_part() -> None:
    request = replace(Inpaint(prompt="a", image=PICTURE, mask=WHITE, seed=3), steps=9)
    assert (request.steps, request.seed) == (9, 3)


def test_workflow_names_lead_back_to_their_requests() -> None:
    for name, kind in WORKFLOWS.items():
        assert workflow_of(object.__new__(kind)) == name


@pytest.mark.parametrize("strength", [-0.1, 1.5, "half"])
def test_strength_lies_between_zero_and_one(strength: Any) -> None:
    with pytest.raises(RequestError, match="strength"):
        Image2Image(prompt="a", image=PICTURE, strength=strength)


def test_a_path_becomes_pixels(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "red.png")
    request = Image2Image(prompt="a", image=tmp_path / "red.png")
    assert request.pixels.tobytes() == PICTURE.tobytes()


def test_a_path_to_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"none\.png"):
        Image2Image(prompt="a", image=tmp_path / "none.png")


def test_a_black_mask_leaves_nothing_to_do() -> None:
    with pytest.raises(RequestError, match="black everywhere"):
        Inpaint(prompt="a", image=PICTURE, mask=BLACK)


def test_a_masks_hole_is_black_or_white() -> None:
    grey = Image.fromarray(np.linspace(0, 255, 256, dtype=np.uint8)[None].repeat(2, 0))
    hole = np.asarray(Inpaint(prompt="a", image=PICTURE, mask=grey).hole)
    assert set(np.unique(hole)) == {0, 255}
    assert hole[0, 127] == 0
    assert hole[0, 128] == 255


@pytest.mark.parametrize("feather", [-1, 1.5])
def test_feather_is_a_number_of_pixels(feather: Any) -> None:
    with pytest.raises(RequestError, match="feather"):
        Inpaint(prompt="a", image=PICTURE, mask=WHITE, feather=feather)


@pytest.mark.parametrize(
    ("values", "margins", "canvas"),
    [
        ({"left": 10}, (10, 0, 0, 0), (106, 64)),
        ({"top": 3, "bottom": 5, "right": 1}, (0, 3, 1, 5), (97, 72)),
        ({"aspect": 2.0}, (16, 0, 16, 0), (128, 64)),
        ({"aspect": 1.0}, (0, 16, 0, 16), (96, 96)),
        ({"aspect": 1.51}, (0, 0, 1, 0), (97, 64)),
        ({"aspect": 1.5}, (0, 0, 0, 0), (96, 64)),
    ],
)
def test_a_canvas_grows_by_sides_or_to_a_shape(
    values: dict[str, Any], margins: tuple[int, ...], canvas: tuple[int, int]
) -> None:
    request = Outpaint(prompt="a", image=PICTURE, **values)
    assert request.margins == margins
    assert request.canvas == canvas


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "not clear"),
        ({"left": 8, "aspect": 2.0}, "not clear"),
        ({"left": -1}, "left"),
        ({"aspect": 0.0}, "aspect"),
        ({"left": 8, "width": 512}, "size"),
        ({"left": 8192}, "too large"),
    ],
)
def test_a_canvas_that_cannot_be_is_refused(values: dict[str, Any], named: str) -> None:
    with pytest.raises(RequestError, match=named):
        Outpaint(prompt="a", image=PICTURE, **values)


def test_weights_are_relative_to_their_sum() -> None:
    parts = Mix(sources=[("a", 1.0), (PICTURE, 3.0)]).parts
    assert [weight for _, weight in parts] == [0.25, 0.75]
    assert parts[0][0] == "a"


@pytest.mark.parametrize(
    "sources", [[], [("a", 0.0)], [("a", 1.0), ("b", -1.0)], [("a", float("inf"))], [("", 1.0)], [(3, 1.0)]]
)
def test_sources_that_mean_nothing_are_refused(sources: Any) -> None:
    with pytest.raises(RequestError):
        Mix(sources=sources)


def test_a_mix_can_be_replaced_in_part() -> None:
    request = replace(Mix(sources=iter([("a", 1.0)])), steps=3)
    assert request.parts == (("a", 1.0),)


def test_frames_lie_evenly_between_the_ends() -> None:
    assert Interpolate(start="a", end="b", frames=5).positions == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert Interpolate(start="a", end="b", frames=5, frame=2).positions == (0.5,)


@pytest.mark.parametrize("values", [{"frames": 1}, {"frame": 8}, {"count": 2}, {"end_seed": -1}])
def test_a_strip_that_cannot_be_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        Interpolate(**{"start": "a", "end": "b", **values})


@pytest.mark.parametrize("vector", [np.zeros((1, 4)), np.array([np.nan]), np.array([np.inf, 0])])
def test_an_embedding_is_one_row_of_numbers(vector: np.ndarray) -> None:
    with pytest.raises(RequestError, match="embedding"):
        Embedding(vector=vector)
