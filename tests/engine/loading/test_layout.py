"""The files to read or download are chosen by name, and only safetensors ones."""

import json
from pathlib import Path

import pytest

from wassily.engine.loading.layout import choose_files, choose_weights, weight_files
from wassily.errors import ModelBroken

KANDINSKY_3 = (
    ".gitattributes",
    "README.md",
    "model_index.json",
    "assets/title.png",
    "null_embedding.safetensors",
    "movq/config.json",
    "movq/diffusion_pytorch_model.bin",
    "movq/diffusion_pytorch_model.fp16.safetensors",
    "movq/diffusion_pytorch_model.safetensors",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/flax_model.msgpack",
    "text_encoder/model-00001-of-00002.safetensors",
    "text_encoder/model-00002-of-00002.safetensors",
    "text_encoder/model.fp16-00001-of-00002.safetensors",
    "text_encoder/model.fp16-00002-of-00002.safetensors",
    "text_encoder/model.onnx",
    "text_encoder/model.safetensors.index.fp16.json",
    "text_encoder/model.safetensors.index.json",
    "text_encoder/pytorch_model.bin.index.json",
    "tokenizer/special_tokens_map.json",
    "tokenizer/spiece.model",
    "tokenizer/tokenizer_config.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "weights/kandinsky3.pt",
)


def test_only_what_is_needed_is_downloaded() -> None:
    assert set(choose_files(KANDINSKY_3)) == {
        "null_embedding.safetensors",
        "README.md",
        "model_index.json",
        "movq/config.json",
        "movq/diffusion_pytorch_model.fp16.safetensors",
        "scheduler/scheduler_config.json",
        "text_encoder/config.json",
        "text_encoder/model.fp16-00001-of-00002.safetensors",
        "text_encoder/model.fp16-00002-of-00002.safetensors",
        "text_encoder/model.safetensors.index.fp16.json",
        "tokenizer/special_tokens_map.json",
        "tokenizer/spiece.model",
        "tokenizer/tokenizer_config.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
    }


def test_shards_of_the_full_weights_and_of_the_other_spelling() -> None:
    full = [name for name in KANDINSKY_3 if "fp16" not in name or not name.startswith("text_encoder")]
    assert "text_encoder/model-00002-of-00002.safetensors" in choose_files(full)
    late = [name.replace("model.fp16-00001-of-00002", "model-00001-of-00002.fp16") for name in KANDINSKY_3]
    assert "text_encoder/model-00001-of-00002.fp16.safetensors" in choose_files(late)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["model.safetensors", "model.fp16.safetensors"], "model.fp16.safetensors"),
        (["diffusion_pytorch_model.safetensors"], "diffusion_pytorch_model.safetensors"),
        (["model.bf16.safetensors", "model.safetensors"], "model.safetensors"),
        (["model.safetensors.index.fp16.json"], "model.safetensors.index.fp16.json"),
        (["model.fp16.safetensors.index.json"], "model.fp16.safetensors.index.json"),
        (["model.onnx", "pytorch_model.bin"], None),
    ],
)
def test_one_set_of_weights_is_chosen(names: list[str], chosen: str | None) -> None:
    assert choose_weights(names) == chosen


def test_a_repository_of_pickles_is_refused_before_the_download() -> None:
    with pytest.raises(ModelBroken, match="pickle only") as caught:
        choose_files(["model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.bin"])
    assert "weights_only=True" in caught.value.fix


def put(folder: Path, *names: str) -> Path:
    (folder / "unet").mkdir()
    for name in names:
        (folder / "unet" / name).touch()
    return folder


def put_index(folder: Path, content: object) -> Path:
    put(folder, "model-1.safetensors")
    (folder / "unet" / "model.safetensors.index.json").write_text(json.dumps(content))
    return folder


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="there is no unet folder"):
        weight_files(tmp_path, "unet")


def test_a_folder_without_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="no safetensors file"):
        weight_files(put(tmp_path, "config.json"), "unet")


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.bin", "kandinsky3.pt", "model.ckpt"])
def test_a_folder_with_a_pickle(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelBroken, match=f"{name} can run any code"):
        weight_files(put(tmp_path, name), "unet")


def test_shards_are_listed_once(tmp_path: Path) -> None:
    folder = put_index(tmp_path, {"weight_map": {"a": "model-1.safetensors", "b": "model-1.safetensors"}})
    assert weight_files(folder, "unet") == (folder / "unet" / "model-1.safetensors",)


def test_a_shard_that_is_missing(tmp_path: Path) -> None:
    folder = put_index(tmp_path, {"weight_map": {"a": "model-2.safetensors"}})
    with pytest.raises(ModelBroken, match=r"model-2\.safetensors is missing"):
        weight_files(folder, "unet")


@pytest.mark.parametrize(
    "name", ["../x.safetensors", "/etc/x.safetensors", "..\\x.safetensors", "x.bin", ".."]
)
def test_an_index_that_points_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelBroken, match="not a safetensors file beside it"):
        weight_files(put_index(tmp_path, {"weight_map": {"a": name}}), "unet")


@pytest.mark.parametrize("content", [{}, [], {"weight_map": []}, {"weight_map": {}}])
def test_an_index_without_a_map(tmp_path: Path, content: object) -> None:
    with pytest.raises(ModelBroken, match="cannot be read"):
        weight_files(put_index(tmp_path, content), "unet")
