"""The embedded model: it draws what the words say, in four languages, here and in diffusers."""

import numpy as np
import pytest
import torch
from diffusers import Kandinsky3Pipeline

from tests.parity.reference import generators, largest_difference, load_pipeline, our_latents, their_latents
from wassily.make import Engine
from wassily.picture import request_of
from wassily.request import Text2Image

FOX = {
    "en": "a red fox in a snowy forest",
    "ru": "Красная лиса в снежном лесу",
    "zh": "雪林中的红狐狸",
    "de": "Ein roter Fuchs im verschneiten Wald",
}


@pytest.fixture(scope="module")
def engine():
    return Engine.load("mini-3", device="cpu")


def test_it_is_small_and_says_what_it_is(engine):
    folder = engine.core.checkpoint.folder
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size < 60e6
    assert engine.core.checkpoint.family == "kandinsky-3"
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "Fluent Emoji" in card
    assert "Licence" in card


@pytest.mark.parametrize("language", FOX)
def test_a_red_fox_in_a_snowy_forest(engine, language):
    """Orange in the middle, snow below, in at least three of four pictures."""
    pictures = engine.make(Text2Image(prompt=FOX[language], seed=0, count=4))
    assert sum(_shows_fox(picture.pixels) and _shows_snow(picture.pixels) for picture in pictures) >= 3


@pytest.mark.parametrize(
    ("prompt", "colour"),
    [
        ("an apple on a blue background", "blue"),
        ("яблоко на синем фоне", "blue"),
        ("a cat on a green background", "green"),
    ],
)
def test_backgrounds_have_the_colour_asked(engine, prompt, colour):
    [picture] = engine.make(Text2Image(prompt=prompt, seed=1))
    corners = picture.pixels[[4, 4, -5, -5], [4, -5, 4, -5]].astype(int)
    channel = {"green": 1, "blue": 2}[colour]
    others = np.delete(corners, channel, axis=1)
    assert (corners[:, channel] > others.max(axis=1)).all()


def test_other_words_draw_other_pictures(engine):
    [fox] = engine.make(Text2Image(prompt=FOX["en"], seed=3))
    [house] = engine.make(Text2Image(prompt="a house at night", seed=3))
    assert np.abs(fox.pixels.astype(int) - house.pixels).mean() > 30


def test_diffusers_draws_the_same_picture(engine):
    theirs = their_latents(
        load_pipeline(Kandinsky3Pipeline, engine.core.checkpoint.folder),
        prompt=FOX["en"],
        num_inference_steps=25,
        guidance_scale=2.0,
        width=128,
        height=128,
        generator=generators(5),
    )
    request = Text2Image(prompt=FOX["en"], steps=25, guidance=2, seed=5)
    assert largest_difference(our_latents(engine, request), theirs) <= 1e-4


def test_it_is_drawn_again_from_its_file(engine, tmp_path):
    [picture] = engine.make(Text2Image(prompt=FOX["zh"], seed=9))
    from wassily.picture import read_recipe

    recipe = read_recipe(picture.save(tmp_path / "fox.png"))
    [again] = engine.make(request_of(recipe))
    assert np.array_equal(again.pixels, picture.pixels)


def test_its_preview_is_close_to_the_picture(engine):
    request = Text2Image(prompt=FOX["en"], seed=2)
    *steps, picture = engine.run(request)
    sketch = torch.from_numpy(steps[-1].previews()[0].copy()).float()
    small = torch.from_numpy(picture.pixels.copy()).float().reshape(16, 8, 16, 8, 3).mean((1, 3))
    assert (sketch - small).abs().mean() < 20


def _shows_fox(pixels):
    middle = pixels[32:96, 32:96].astype(int)
    orange = (
        (middle[..., 0] > 150)
        & (middle[..., 0] > middle[..., 2] + 60)
        & (middle[..., 1] < middle[..., 0] - 20)
    )
    return orange.mean() > 0.15


def _shows_snow(pixels):
    ground = pixels[-16:].reshape(-1, 3)
    return ground.min(axis=1).mean() > 170
