"""What Kandinsky 3 has of its own: the original loop, its null embedding, its inpainting layout."""

import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.parity.pictures import hole, photo
from tests.parity.reference import largest_difference, load_engine, our_latents, run_through
from wassily.engine.families.spec import Wording
from wassily.engine.fast.text_rows import predict_noise
from wassily.errors import CapabilityError
from wassily.request import Inpaint, Mix, Text2Image

PROMPT = "a red fox in a snowy forest"
SMALL = {"width": 64, "height": 64, "steps": 3, "seed": 4}


@pytest.fixture(scope="module")
def engine(tiny3):
    return load_engine(tiny3)


@pytest.fixture(scope="module")
def engine_with_null(tiny3, tmp_path_factory):
    folder = tmp_path_factory.mktemp("null") / "kandinsky3"
    shutil.copytree(tiny3, folder)
    width = load_engine(tiny3).core.family._unet.config.cross_attention_dim
    save_file({"null_embedding": torch.linspace(-1, 1, width)}, folder / "null_embedding.safetensors")
    return load_engine(folder)


def read(engine, prompt, **options):
    family = engine.core.family
    wording = Wording(prompt=prompt, **{"negative": "", "guidance": 3.0, **options})
    return run_through(family.condition(run_through(family.embed(prompt, wording, (1,))), wording, (1,)))


def test_the_rewritten_network_is_the_published_one(engine):
    """Text read once and noise predicted from it, against the module's own forward."""
    unet = engine.core.family._unet
    condition = read(engine, PROMPT)
    words = run_through(engine.core.family.embed(PROMPT, None, (1,)))
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours = predict_noise(unet, x.repeat(2, 1, 1, 1), 321, rows=condition.rows)
        embeds = torch.stack([torch.zeros_like(words.embeds_LD), words.embeds_LD])
        masks = torch.stack([torch.zeros_like(words.mask_L), words.mask_L])
        theirs = unet(x.repeat(2, 1, 1, 1), 321, encoder_hidden_states=embeds, encoder_attention_mask=masks)[
            0
        ]
    assert largest_difference(ours, theirs) <= 1e-5


def test_the_original_loop_uses_the_learned_null_embedding(engine_with_null, engine):
    family = engine_with_null.core.family
    rows = read(engine_with_null, PROMPT, original=True).rows
    assert rows.mask[0].tolist() == [1] + [0] * (rows.mask.shape[1] - 1)
    assert torch.equal(rows.context[0, 0], family._null_embedding_D)
    assert rows.context[0, 1:].abs().max() == 0
    assert rows.context[1, -1].abs().max() == 0, "the empty position is zero after the projection"
    plain = our_latents(engine, Text2Image(prompt=PROMPT, **SMALL))
    original = our_latents(engine_with_null, Text2Image(prompt=PROMPT, sampler="original", **SMALL))
    assert largest_difference(original, plain) > 0.01


def test_the_original_loop_says_when_the_null_embedding_is_missing(engine):
    with pytest.warns(UserWarning, match="no learned null_embedding"):
        engine.make(Text2Image(prompt=PROMPT, sampler="original", **SMALL))


def test_flash_takes_four_steps_without_guidance_by_default(engine):
    [picture] = engine.make(Text2Image(prompt=PROMPT, width=64, seed=1, sampler="lcm"))
    assert picture.recipe.request["steps"] == 4
    assert picture.recipe.request["guidance"] == 0.0


def test_inpainting_gives_the_network_the_mask_and_the_greyed_picture(tiny3_inpaint):
    """[x, mask with 1 = keep, latents of the picture without its hole], as the original lays them out."""
    engine = load_engine(tiny3_inpaint)
    family = engine.core.family
    image, mask = photo(64, 64), hole(64, 64)
    caught = []
    predict = family.predict

    def catching(x, t, condition, *, extra_BCHW):
        caught.append(extra_BCHW)
        return predict(x, t, condition, extra_BCHW=extra_BCHW)

    family.predict = catching
    engine.make(Inpaint(prompt=PROMPT, image=image, mask=mask, steps=1, seed=1))
    pixels = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    repaint = torch.from_numpy(np.asarray(mask).copy())[None, None].float() / 255
    with torch.inference_mode():
        greyed = family.movq.encode(pixels * (1 - repaint))
    assert torch.equal(caught[0][:, :1], 1 - repaint[:, :, ::8, ::8])
    assert largest_difference(caught[0][:, 1:], greyed) <= 1e-6


def test_a_mix_of_texts_lies_between_them(engine):
    def mixed(weights):
        sources = [("a cat", weights[0]), ("a dog", weights[1])]
        return our_latents(engine, Mix(sources=sources, **SMALL))

    cat = our_latents(engine, Text2Image(prompt="a cat", **SMALL))
    assert largest_difference(mixed((1.0, 0.0)), cat) <= 1e-4
    assert largest_difference(mixed((0.5, 0.5)), cat) > 0.01
    assert largest_difference(mixed((2.0, 2.0)), mixed((0.5, 0.5))) == 0


def test_pictures_cannot_be_mixed(engine):
    with pytest.raises(CapabilityError, match="mixes texts only"):
        engine.make(Mix(sources=[(photo(64, 64), 1.0)], **SMALL))


def test_the_prior_options_of_kandinsky_2_are_refused(engine):
    with pytest.raises(CapabilityError, match="has no prior"):
        engine.make(Text2Image(prompt=PROMPT, prior_steps=5, **SMALL))


def test_there_is_no_image_embedding(engine):
    with pytest.raises(CapabilityError, match="no image embeddings"):
        engine.embed(PROMPT)


def test_a_prompt_longer_than_the_text_encoder_reads_is_cut_with_a_note(engine):
    with pytest.warns(UserWarning, match=r"the model reads 128: .*is left out"):
        engine.make(Text2Image(prompt=f"{PROMPT} " * 40, **SMALL))
