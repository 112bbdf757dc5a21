"""A picture depends on its request alone: not on its batch, its place in it, or what was drawn before."""

import numpy as np
import pytest
import torch

from tests.parity.pictures import hole, photo
from tests.parity.reference import load_engine, our_latents
from wassily.picture import request_of
from wassily.request import Image2Image, Inpaint, Interpolate, Mix, Outpaint, Text2Image

CLOSE = 1e-4  # convolutions of another batch size add in another order
PROMPT = "a red fox in a snowy forest"
FAMILIES = ["tiny21", "tiny22", "tiny3"]
SHORT = {"steps": 3, "width": 64, "height": 64}


@pytest.fixture(scope="module", params=FAMILIES)
def engine(request):
    return load_engine(request.getfixturevalue(request.param))


def prior_steps(engine):
    return {"prior_steps": 2} if engine.core.spec.prior_steps else {}


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm++2m", "lcm"])
def test_a_picture_is_the_same_alone_and_anywhere_in_a_batch(engine, sampler):
    def latents(seed, count):
        options = {**SHORT, **prior_steps(engine), "sampler": sampler, "guidance": 2.0}
        return our_latents(
            engine, Text2Image(prompt=PROMPT, negative="dark", seed=seed, count=count, **options)
        )

    together = latents(40, 5)
    assert (together[0] - together[1]).abs().max() > 0.1
    for place in (0, 2, 4):
        assert (latents(40 + place, 1) - together[place]).abs().max() <= CLOSE
    assert (latents(42, 3) - together[2:]).abs().max() <= CLOSE


def test_more_images_than_fit_at_once_are_drawn_in_groups(engine):
    request = Text2Image(prompt=PROMPT, steps=1, width=64, height=64, seed=0, count=11, **prior_steps(engine))
    pictures = engine.make(request)
    assert [picture.seed for picture in pictures] == list(range(11))
    assert len({picture.pixels.tobytes() for picture in pictures}) == 11


def test_the_same_request_twice_is_the_same_to_the_bit(engine):
    request = Text2Image(prompt=PROMPT, seed=2**63 - 1, **SHORT, **prior_steps(engine))
    assert torch.equal(our_latents(engine, request), our_latents(engine, request))


def test_prompts_of_other_lengths_leave_a_picture_as_it_is(engine):
    """Whatever was encoded and cached before must not matter."""
    request = Text2Image(prompt="a fox", seed=3, **SHORT, **prior_steps(engine))
    before = our_latents(engine, request)
    engine.make(Text2Image(prompt=PROMPT * 3, negative="dark " * 9, seed=3, **SHORT, **prior_steps(engine)))
    assert torch.equal(before, our_latents(engine, request))


def requests(engine):
    options = {"steps": 2, "seed": 5, "count": 2, **prior_steps(engine)}
    image, mask = photo(90, 70), hole(90, 70)
    pictures = engine.core.spec.family != "kandinsky-3"
    return [
        Text2Image(prompt=PROMPT, width=100, height=75, **options),
        Image2Image(prompt=PROMPT, image=image, strength=0.6, **options),
        Inpaint(prompt=PROMPT, image=image, mask=mask, **options),
        Outpaint(prompt=PROMPT, image=image, left=20, aspect=None, **options),
        Mix(sources=[("a cat", 0.4), (image if pictures else "a dog", 0.6)], width=64, **options),
        Interpolate(start="a cat", end="a dog", frames=3, width=64, end_seed=9, **{**options, "count": 1}),
    ]


@pytest.mark.parametrize("index", range(6))
def test_every_picture_is_made_again_from_its_recipe(engine, index):
    for picture in engine.make(requests(engine)[index]):
        [again] = engine.make(request_of(picture.recipe))
        difference = np.abs(again.pixels.astype(int) - picture.pixels.astype(int)).max()
        assert difference <= 1, "alone, a picture of a batch may differ by rounding"
        [once_more] = engine.make(request_of(again.recipe))
        assert np.array_equal(once_more.pixels, again.pixels)
