"""The family is told from what a folder holds; its name, and the pipeline's, do not count."""

import json
from pathlib import Path
from typing import Any

import pytest

from wassily.engine.loading.recognition import Nature, prior_dim, recognise
from wassily.errors import ModelBroken


@pytest.mark.parametrize(
    ("name", "nature"),
    [
        ("tiny21", Nature(family="kandinsky-2.1", inpaint=False, image_dim=32)),
        ("tiny21_inpaint", Nature(family="kandinsky-2.1", inpaint=True, image_dim=32)),
        ("tiny22", Nature(family="kandinsky-2.2", inpaint=False, image_dim=40)),
        ("tiny22_inpaint", Nature(family="kandinsky-2.2", inpaint=True, image_dim=40)),
        ("tiny3", Nature(family="kandinsky-3", inpaint=False, image_dim=None)),
        ("tiny3_inpaint", Nature(family="kandinsky-3", inpaint=True, image_dim=None)),
    ],
)
def test_families(name: str, nature: Nature, request: pytest.FixtureRequest) -> None:
    assert recognise(request.getfixturevalue(name)) == nature


def test_names_do_not_count(tmp_path: Path) -> None:
    folder = tmp_path / "kandinsky-3"
    unet = {"encoder_hid_dim_type": "text_image_proj", "addition_embed_type": "text_image"}
    write(folder, {"_class_name": "KandinskyV22Pipeline"}, unet)
    assert recognise(folder).family == "kandinsky-2.1"


def write(folder: Path, index: dict[str, Any], unet: dict[str, Any]) -> None:
    (folder / "unet").mkdir(parents=True)
    components = {"unet": ["diffusers", "UNet2DConditionModel"]}
    (folder / "model_index.json").write_text(json.dumps(components | index))
    (folder / "unet" / "config.json").write_text(json.dumps({"in_channels": 4} | unet))


@pytest.mark.parametrize(
    ("index", "unet", "message"),
    [
        (
            {"_class_name": "StableDiffusionXLPipeline"},
            {"_class_name": "UNet2DConditionModel", "addition_embed_type": "text_time"},
            "StableDiffusionXLPipeline with a UNet2DConditionModel conditioned on None",
        ),
        (
            {"_class_name": "KandinskyV22ControlnetPipeline"},
            {"encoder_hid_dim_type": "image_proj", "addition_embed_type": "image_hint", "in_channels": 8},
            "ControlNet",
        ),
        ({"_class_name": "DeepFloyd"}, {"_class_name": "OtherNet"}, "OtherNet"),
        ({"_class_name": "FluxPipeline", "unet": None}, {}, "FluxPipeline and lists no UNet"),
        ({}, {"_class_name": "Kandinsky3UNet", "in_channels": 5}, "takes 5 channels"),
    ],
)
def test_other_families(tmp_path: Path, index: dict[str, Any], unet: dict[str, Any], message: str) -> None:
    write(tmp_path / "model", index, unet)
    with pytest.raises(ModelBroken, match=message) as caught:
        recognise(tmp_path / "model")
    assert "unknown family" in caught.value.what


def test_a_prior_is_half_a_model(tiny22: Path) -> None:
    with pytest.raises(ModelBroken, match="it is a prior"):
        recognise(tiny22.parent / "kandinsky22-prior")


def test_prior_dim(tiny21: Path, tmp_path: Path) -> None:
    assert prior_dim(tiny21.parent / "kandinsky21-prior") == 32
    assert prior_dim(tiny21) is None
    assert prior_dim(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "cannot be read"), ("[1]", "holds a list and not an object"), ("\xff", "cannot be read")],
)
def test_broken_json(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "model_index.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelBroken, match=message):
        recognise(tmp_path)


def test_a_unet_without_config(tmp_path: Path) -> None:
    write(tmp_path / "model", {}, {})
    (tmp_path / "model" / "unet" / "config.json").unlink()
    with pytest.raises(ModelBroken, match=r"there is no config\.json"):
        recognise(tmp_path / "model")
