"""Kandinsky 3 against diffusers' own pipelines, and the right behaviour where these are wrong."""

import pytest
from diffusers import Kandinsky3Img2ImgPipeline, Kandinsky3Pipeline

from tests.parity.pictures import photo
from tests.parity.reference import (
    CLOSE,
    generators,
    largest_difference,
    load_engine,
    load_pipeline,
    our_latents,
    quietly,
    run_through,
    their_latents,
)
from wassily.engine.families.spec import Wording
from wassily.request import Image2Image, Text2Image

PROMPT = "a red fox in a snowy forest"


@pytest.fixture(scope="module")
def engine(tiny3):
    return load_engine(tiny3)


@pytest.fixture(scope="module")
def pipeline(tiny3):
    return load_pipeline(Kandinsky3Pipeline, tiny3)


@pytest.mark.parametrize("negative", ["", "blurry"])
@pytest.mark.parametrize("guidance", [1.5, 3.0, 7.0])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (128, 64)])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_text2image(engine, pipeline, steps, width, height, guidance, negative):
    request = Text2Image(
        prompt=PROMPT, negative=negative, steps=steps, guidance=guidance, width=width, height=height, seed=11
    )
    theirs = their_latents(
        pipeline,
        prompt=PROMPT,
        negative_prompt=negative or None,
        num_inference_steps=steps,
        guidance_scale=guidance,
        width=width,
        height=height,
        generator=generators(11),
    )
    assert largest_difference(our_latents(engine, request), theirs) <= CLOSE


def test_text2image_without_guidance(engine, pipeline):
    theirs = their_latents(
        pipeline,
        prompt=PROMPT,
        num_inference_steps=3,
        guidance_scale=0.0,
        width=64,
        height=64,
        generator=generators(2),
    )
    request = Text2Image(prompt=PROMPT, steps=3, guidance=0, width=64, height=64, seed=2)
    assert largest_difference(our_latents(engine, request), theirs) <= CLOSE


def test_text2image_of_several_images(engine, pipeline):
    """The same prompt written three times: diffusers' count per prompt would pair masks wrongly."""
    theirs = their_latents(
        pipeline,
        prompt=[PROMPT] * 3,
        num_inference_steps=3,
        guidance_scale=3.0,
        width=64,
        height=64,
        generator=generators(2, 3),
    )
    request = Text2Image(prompt=PROMPT, steps=3, guidance=3, width=64, height=64, seed=2, count=3)
    assert largest_difference(our_latents(engine, request), theirs) <= CLOSE


@pytest.mark.parametrize(("width", "height"), [(64, 64), (64, 128)])
@pytest.mark.parametrize("strength", [0.3, 0.75, 1.0])
@pytest.mark.parametrize("negative", ["", "blurry"])
def test_image2image(engine, pipeline, negative, strength, width, height):
    image = photo(width, height)
    changing = Kandinsky3Img2ImgPipeline(**pipeline.components)
    theirs = their_latents(
        changing,
        prompt=PROMPT,
        negative_prompt=negative or None,
        image=image,
        strength=strength,
        num_inference_steps=8,
        guidance_scale=3.0,
        generator=generators(4),
    )
    request = Image2Image(
        prompt=PROMPT, negative=negative, image=image, strength=strength, steps=8, guidance=3, seed=4
    )
    assert largest_difference(our_latents(engine, request), theirs) <= CLOSE


def test_a_longer_negative_prompt_is_read_whole(engine, pipeline):
    """Diffusers cuts the negative prompt to the prompt's length; ours keeps every token of it."""
    prompt, negative = "a fox", "blurry dark grey noise and frames and a cat and a dog"
    tokens = len(pipeline.tokenizer(negative).input_ids)
    _, cut, _, _ = quietly(pipeline.encode_prompt, prompt, negative_prompt=negative, _cut_context=True)
    assert cut.shape[1] < tokens
    family = engine.core.family
    wording = Wording(prompt=prompt, negative=negative, guidance=3.0)
    words = run_through(family.embed(prompt, wording, (1,)))
    condition = run_through(family.condition(words, wording, (1,)))
    assert condition.rows.mask[0].sum() == tokens


def test_guidance_does_not_jump_where_it_begins(engine, pipeline):
    """Diffusers turns guidance off at 1 and below: w = 1.001 is then w = 0 plus a jump."""

    def ours(guidance):
        return our_latents(
            engine, Text2Image(prompt=PROMPT, steps=2, guidance=guidance, width=64, height=64, seed=1)
        )

    steps = [largest_difference(ours(w), ours(w + 0.001)) for w in (0.0, 0.5, 1.0)]
    assert max(steps) <= 0.01
    assert largest_difference(ours(0.0), ours(1.0)) > 0.05
