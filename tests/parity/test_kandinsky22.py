"""Kandinsky 2.2 against diffusers' own pipelines, and the right behaviour where these are wrong."""

import numpy as np
import pytest
import torch
from diffusers import (
    KandinskyV22Img2ImgPipeline,
    KandinskyV22InpaintPipeline,
    KandinskyV22Pipeline,
    KandinskyV22PriorPipeline,
)
from diffusers.pipelines.kandinsky2_2.pipeline_kandinsky2_2_prior import KandinskyPriorPipelineOutput

from tests.parity.pictures import hole, photo
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
from wassily.engine.core import Sampling, Start
from wassily.engine.families.spec import Wording
from wassily.errors import RequestError
from wassily.request import Embedding, Image2Image, Inpaint, Mix, Text2Image

PROMPT = "a red fox in a snowy forest"
SEED = 7


@pytest.fixture(scope="module")
def engine(tiny22):
    return load_engine(tiny22)


@pytest.fixture(scope="module")
def inpainter(tiny22_inpaint):
    return load_engine(tiny22_inpaint)


@pytest.fixture(scope="module")
def prior(tiny22):
    return load_pipeline(KandinskyV22PriorPipeline, tiny22.parent / "kandinsky22-prior")


@pytest.fixture(scope="module")
def pipeline(tiny22):
    return load_pipeline(KandinskyV22Pipeline, tiny22)


def their_embeddings(prior, prompt, negative, *, steps=3, guidance=4.0, seeds=1):
    """The prior's image embeddings and the negative ones, each text with its image's own noise."""
    prior.set_progress_bar_config(disable=True)
    doubled = [*generators(SEED, seeds), *(generators(SEED, seeds) if negative else [])]
    output = quietly(
        prior,
        [prompt] * seeds,
        negative_prompt=[negative] * seeds if negative else None,
        num_inference_steps=steps,
        guidance_scale=guidance,
        generator=doubled,
    )
    return output.image_embeds, output.negative_image_embeds


@pytest.mark.parametrize("negative", ["", "blurry"])
@pytest.mark.parametrize("guidance", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("steps", [2, 5, 25])
def test_prior(engine, prior, steps, guidance, negative):
    vector, away = their_embeddings(prior, PROMPT, negative, steps=steps, guidance=guidance)
    ours = engine.embed(PROMPT, negative=negative, seed=SEED, steps=steps, guidance=guidance)
    assert np.abs(ours.vector - vector[0].numpy()).max() <= CLOSE
    assert np.abs(ours.negative - away[0].numpy()).max() <= CLOSE


@pytest.mark.parametrize("negative", ["", "blurry"])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
@pytest.mark.parametrize(("width", "height"), [(64, 64), (128, 64)])
@pytest.mark.parametrize("steps", [1, 5])
def test_text2image(engine, prior, pipeline, steps, width, height, guidance, negative):
    vector, away = their_embeddings(prior, PROMPT, negative)
    theirs = their_latents(
        pipeline,
        image_embeds=vector,
        negative_image_embeds=away,
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


@pytest.mark.parametrize(("width", "height"), [(64, 64), (128, 64)])
@pytest.mark.parametrize("strength", [0.3, 0.75, 1.0])
def test_image2image(engine, prior, pipeline, strength, width, height):
    vector, away = their_embeddings(prior, PROMPT, "")
    image = photo(width, height)
    changing = KandinskyV22Img2ImgPipeline(**pipeline.components)
    theirs = their_latents(
        changing,
        image_embeds=vector,
        negative_image_embeds=away,
        image=image,
        strength=strength,
        # diffusers passes width and height the wrong way round to its own preprocessing.
        width=height,
        height=width,
        num_inference_steps=8,
        guidance_scale=4.0,
        generator=generators(SEED),
    )
    request = Image2Image(
        prompt=PROMPT, image=image, strength=strength, steps=8, guidance=4, seed=SEED, prior_steps=3
    )
    assert largest_difference(our_latents(engine, request), theirs) <= CLOSE


@pytest.mark.parametrize(("width", "height"), [(64, 64), (128, 64)])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_inpaint(inpainter, tiny22_inpaint, prior, guidance, width, height):
    vector, away = their_embeddings(prior, PROMPT, "")
    image, mask = photo(width, height), hole(width, height)
    theirs = their_latents(
        load_pipeline(KandinskyV22InpaintPipeline, tiny22_inpaint),
        image_embeds=vector,
        negative_image_embeds=away,
        image=image,
        mask_image=mask,
        width=width,
        height=height,
        num_inference_steps=5,
        guidance_scale=guidance,
        generator=generators(SEED),
    )
    request = Inpaint(
        prompt=PROMPT, image=image, mask=mask, steps=5, guidance=guidance, seed=SEED, prior_steps=3
    )
    assert largest_difference(our_latents(inpainter, request), theirs) <= CLOSE


@pytest.mark.parametrize("negative", ["", "blurry"])
def test_interpolate(engine, prior, pipeline, negative):
    """A mix of two texts and a picture, as diffusers' `interpolate` weighs them."""
    prior.set_progress_bar_config(disable=True)
    image = photo(64, 64)
    image.format = "PNG"
    sources, weights = ["a cat", "a dog", image], [0.3, 0.5, 0.2]
    output = quietly(_interpolate_with_one_noise, prior, sources, weights, negative=negative)
    theirs = their_latents(
        pipeline,
        image_embeds=output.image_embeds,
        negative_image_embeds=output.negative_image_embeds,
        width=64,
        height=64,
        num_inference_steps=4,
        guidance_scale=4.0,
        generator=generators(SEED),
    )
    request = Mix(
        sources=list(zip(sources, weights, strict=True)),
        negative=negative,
        steps=4,
        guidance=4,
        width=64,
        height=64,
        seed=SEED,
        prior_steps=3,
    )
    assert largest_difference(our_latents(engine, request), theirs) <= CLOSE


def test_many_steps_with_the_cached_prior_are_those_of_the_plain_one(engine, prior):
    """A hundred of the prior's steps accumulate no more than rounding."""
    vector, _ = their_embeddings(prior, PROMPT, "", steps=100)
    ours = engine.embed(PROMPT, seed=SEED, steps=100)
    assert np.abs(ours.vector - vector[0].numpy()).max() <= CLOSE


def test_every_item_of_a_batch_keeps_its_own_mask(inpainter):
    """Diffusers lays picture 0 and mask 0 over every item; ours composites row by row."""
    core = inpainter.core
    images = np.stack([np.asarray(photo(64, 64, seed=seed)) for seed in (0, 1)])
    masks = np.stack([np.asarray(hole(64, 64)), np.asarray(hole(64, 64).transpose(1))])
    together = _repaint(core, images, masks, (5, 6))
    for row, seed in enumerate((5, 6)):
        alone = _repaint(core, images[row : row + 1], masks[row : row + 1], (seed,))
        assert (together[row] - alone[0]).abs().max() <= CLOSE


def test_a_saved_embedding_draws_what_its_text_draws(engine):
    embedding = engine.embed(PROMPT, seed=SEED, steps=3)
    text = Text2Image(prompt=PROMPT, width=64, height=64, steps=3, seed=SEED, prior_steps=3)
    saved = Mix(sources=[(embedding, 1.0)], width=64, height=64, steps=3, seed=SEED)
    assert torch.equal(our_latents(engine, text), our_latents(engine, saved))


def test_drawing_from_text_never_reads_the_image_encoder(tiny22, tmp_path, monkeypatch):
    monkeypatch.setenv("WASSILY_CACHE_DIR", str(tmp_path))
    request = Text2Image(prompt=PROMPT, width=64, height=64, steps=1, seed=SEED, prior_steps=2)
    first = load_engine(tiny22).make(request)
    second = load_engine(tiny22)
    read = _components_read(second)
    pictures = second.make(request)
    assert "image_encoder" not in read
    assert {"prior", "text_encoder"} <= set(read)
    assert np.array_equal(first[0].pixels, pictures[0].pixels)


def test_an_embedding_of_another_width_is_refused(engine):
    with pytest.raises(RequestError, match="numbers and this model reads"):
        engine.make(Mix(sources=[(Embedding(vector=np.zeros(5, np.float32)), 1)], width=64, steps=1))


def _repaint(core, images, masks, seeds):
    wording = Wording(prompt=PROMPT, negative="", guidance=4.0, prior_steps=2)
    sampling = Sampling(width=64, height=64, steps=3, guidance=4.0, sampler="ddpm")
    concept = run_through(core.embed(PROMPT, wording, seeds))
    condition = run_through(core.family.condition(concept, wording, seeds))
    start = Start(pixels=images, hole=masks)
    return run_through(core.latents(condition, sampling, seeds=seeds, start=start))


def _components_read(engine):
    networks = engine.core.family._prior._networks
    names = []
    inner = networks._read
    networks._read = lambda component: (names.append(component), inner(component))[1]
    return names


def _interpolate_with_one_noise(prior, sources, weights, *, negative):
    """Diffusers' interpolate, every text with the noise of the image's own seed, as ours has it."""
    parts = []
    for source, weight in zip(sources, weights, strict=True):
        if isinstance(source, str):
            embedding, _ = their_embeddings(prior, source, negative)
        else:
            output = prior.interpolate([source], [1.0], num_inference_steps=2, generator=generators(SEED))
            embedding = output.image_embeds
        parts.append(embedding * weight)
    _, away = their_embeddings(prior, sources[0], negative)
    return KandinskyPriorPipelineOutput(image_embeds=sum(parts), negative_image_embeds=away)
