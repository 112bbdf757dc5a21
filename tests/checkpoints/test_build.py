"""The tiny checkpoints are real ones: diffusers' own pipelines load them and draw with them."""

from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tests.checkpoints import build

SETTINGS: dict[str, Any] = {"height": 64, "width": 64, "num_inference_steps": 2, "output_type": "np"}


def quiet(pipeline: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def embed(folder: Path, prompt: str = "a red cat") -> dict[str, torch.Tensor]:
    prior = quiet(diffusers.DiffusionPipeline.from_pretrained(next(folder.parent.glob("*-prior"))))
    out = prior(prompt, num_inference_steps=2, generator=torch.Generator().manual_seed(1))
    return {"image_embeds": out.image_embeds, "negative_image_embeds": out.negative_image_embeds}


def draw(pipeline: Any, **arguments: Any) -> np.ndarray:
    generator = torch.Generator().manual_seed(1)
    pictures: np.ndarray = quiet(pipeline)(**SETTINGS, generator=generator, **arguments).images
    assert pictures.shape == (1, 64, 64, 3)
    assert np.isfinite(pictures).all()
    assert pictures.std() > 0.02
    return pictures


def test_21_draws_what_the_prompt_and_the_embedding_say(tiny21: Path) -> None:
    pipeline = diffusers.KandinskyPipeline.from_pretrained(tiny21)
    first = draw(pipeline, prompt="a red cat", **embed(tiny21))
    other_words = draw(pipeline, prompt="a blue circle", **embed(tiny21))
    other_embedding = draw(pipeline, prompt="a red cat", **embed(tiny21, "a blue circle"))
    assert np.abs(first - other_words).max() > 0.01
    assert np.abs(first - other_embedding).max() > 0.01


def test_22_draws_what_the_embedding_says(tiny22: Path) -> None:
    pipeline = diffusers.KandinskyV22Pipeline.from_pretrained(tiny22)
    assert np.abs(draw(pipeline, **embed(tiny22)) - draw(pipeline, **embed(tiny22, "a storm"))).max() > 0.01


def test_3_draws_what_the_prompt_says(tiny3: Path) -> None:
    pipeline = diffusers.Kandinsky3Pipeline.from_pretrained(tiny3)
    assert np.abs(draw(pipeline, prompt="a red cat") - draw(pipeline, prompt="a storm")).max() > 0.01


@pytest.mark.parametrize("family", ["21", "22"])
def test_inpainting(family: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(f"tiny{family}_inpaint")
    name = {"21": "KandinskyInpaintPipeline", "22": "KandinskyV22InpaintPipeline"}[family]
    mask = np.zeros((64, 64), dtype=np.float32)
    mask[:32] = 1
    words = {"prompt": "a red cat"} if family == "21" else {}
    pipeline = getattr(diffusers, name).from_pretrained(folder)
    draw(pipeline, image=Image.new("RGB", (64, 64), "teal"), mask_image=mask, **words, **embed(folder))


def test_3_in_half_as_published(tmp_path: Path) -> None:
    folder = build.kandinsky3(tmp_path / "k3", dtype=torch.float16)
    text_encoder = {path.name for path in (folder / "text_encoder").iterdir()}
    assert text_encoder == {
        "config.json",
        "model.safetensors.index.fp16.json",
        "model.fp16-00001-of-00002.safetensors",
        "model.fp16-00002-of-00002.safetensors",
    }
    assert not (folder / "tokenizer" / "tokenizer.json").exists()
    stored = load_file(folder / "text_encoder" / "model.fp16-00001-of-00002.safetensors")
    stored |= load_file(folder / "text_encoder" / "model.fp16-00002-of-00002.safetensors")
    assert {name for name, tensor in stored.items() if tensor.dtype == torch.float32} == {
        f"encoder.block.{i}.layer.1.DenseReluDense.wo.weight" for i in (0, 1)
    }
    draw(
        diffusers.Kandinsky3Pipeline.from_pretrained(folder, variant="fp16", dtype=torch.bfloat16), prompt="a"
    )


@pytest.mark.parametrize("name", ["tiny21", "tiny22", "tiny3", "tiny3_inpaint"])
def test_no_weight_is_zero(name: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(name)
    files = [*folder.glob("*/*.safetensors"), *folder.parent.glob("*-prior/*/*.safetensors")]
    assert files
    for file in files:
        for tensor_name, tensor in load_file(file).items():
            assert tensor.count_nonzero() > tensor.numel() / 2, (file, tensor_name)


def test_building_twice_gives_the_same_weights(tmp_path: Path) -> None:
    first, second = (build.kandinsky22_prior(tmp_path / name) for name in ("a", "b"))
    for file in first.rglob("*.*"):
        assert file.read_bytes() == (second / file.relative_to(first)).read_bytes()
