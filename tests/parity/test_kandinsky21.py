"""Kandinsky 2.1 against diffusers' own pipelines, and the right behaviour where these are wrong."""

import pytest
from diffusers import (
    DDPMScheduler,
    KandinskyImg2ImgPipeline,
    KandinskyInpaintPipeline,
    KandinskyPipeline,
    KandinskyPriorPipeline,
)

from tests.parity.pictures import hole, photo
from tests.parity.reference import (
    CLOSE,
    generators,
    largest_difference,
    load_engine,
    load_pipeline,
    our_latents,
    quietly,
    their_latents,
)
from wassily.engine.sampling.schedule import read_schedule
from wassily.request import Image2Image, Inpaint, Text2Image

PROMPT = "a red fox in a snowy forest"
SEED = 21


@pytest.fixture(scope="module")
def engine(tiny21):
    return load_engine(tiny21)


@pytest.fixture(scope="module")
def inpainter(tiny21_inpaint):
    return load_engine(tiny21_inpaint)


@pytest.fixture(scope="module")
def prior(tiny21):
    return load_pipeline(KandinskyPriorPipeline, tiny21.parent / "kandinsky21-prior")


@pytest.fixture(scope="module")
def pipeline(tiny21):
    return load_pipeline(KandinskyPipeline, tiny21)


def conditions(prior, negative):
    """What the 2.1 pipelines take: the words and the prior's embeddings of them."""
    prior.set_progress_bar_config(disable=True)
    output = quietly(
        prior,
        PROMPT,
        negative_prompt=negative or None,
        num_inference_steps=3,
        generator=[*generators(SEED), *(generators(SEED) if negative else [])],
    )
    return {
        "prompt": PROMPT,
        "negative_prompt": negative or None,
        "image_embeds": output.image_embeds,
        "negative_image_embeds": output.negative_image_embeds,
    }


@pytest.mark.parametrize("negative", ["", "blurry"])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (64, 128)])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_text2image(engine, prior, pipeline, steps, width, height, guidance, negative):
    theirs = their_latents(
        pipeline,
        **conditions(prior, negative),
        width=width,
        height=height,
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=generators(SEED),
    )
    request = Text2Image(
        prompt=PROMPT,
        negative=negative,
        width=width,
        height=height,
        steps=steps,
        guidance=guidance,
        seed=SEED,
        prior_steps=3,
    )
    assert largest_difference(our_latents(engine, request), theirs) <= CLOSE


def test_text2image_with_learned_variance(tiny21, prior, pipeline):
    """The other scheduler published with 2.1: learned variance and thresholding up to 2."""
    engine = load_engine(tiny21)
    swapped = DDPMScheduler.from_pretrained(tiny21, subfolder="ddpm_scheduler")
    engine.core.family.schedule = read_schedule(engine.core.checkpoint.config("ddpm_scheduler"))
    components = {**pipeline.components, "scheduler": swapped}
    theirs = their_latents(
        KandinskyPipeline(**components),
        **conditions(prior, ""),
        width=64,
        height=64,
        num_inference_steps=5,
        guidance_scale=4.0,
        generator=generators(SEED),
    )
    request = Text2Image(prompt=PROMPT, width=64, height=64, steps=5, guidance=4, seed=SEED, prior_steps=3)
    assert largest_difference(our_latents(engine, request), theirs) <= CLOSE


@pytest.mark.parametrize("strength", [0.3, 0.75, 1.0])
@pytest.mark.parametrize("negative", ["", "blurry"])
def test_image2image(engine, prior, pipeline, negative, strength):
    image = photo(64, 64)
    theirs = their_latents(
        KandinskyImg2ImgPipeline(**pipeline.components),
        **conditions(prior, negative),
        image=image,
        strength=strength,
        width=64,
        height=64,
        num_inference_steps=8,
        guidance_scale=4.0,
        generator=generators(SEED),
    )
    request = Image2Image(
        prompt=PROMPT,
        negative=negative,
        image=image,
        strength=strength,
        steps=8,
        guidance=4,
        seed=SEED,
        prior_steps=3,
    )
    assert largest_difference(our_latents(engine, request), theirs) <= CLOSE


def test_an_oblong_picture_keeps_its_shape(engine):
    """Diffusers swaps width and height in its preprocessing, and then refuses its own latents."""
    request = Image2Image(
        prompt=PROMPT, image=photo(128, 64), steps=2, strength=0.5, seed=SEED, prior_steps=2
    )
    assert our_latents(engine, request).shape == (1, 4, 8, 16)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (128, 64)])
@pytest.mark.parametrize("negative", ["", "blurry"])
def test_inpaint(inpainter, tiny21_inpaint, prior, negative, width, height):
    image, mask = photo(width, height), hole(width, height)
    theirs = their_latents(
        load_pipeline(KandinskyInpaintPipeline, tiny21_inpaint),
        **conditions(prior, negative),
        image=image,
        mask_image=mask,
        width=width,
        height=height,
        num_inference_steps=5,
        guidance_scale=4.0,
        generator=generators(SEED),
    )
    request = Inpaint(
        prompt=PROMPT,
        negative=negative,
        image=image,
        mask=mask,
        steps=5,
        guidance=4,
        seed=SEED,
        prior_steps=3,
    )
    assert largest_difference(our_latents(inpainter, request), theirs) <= CLOSE
