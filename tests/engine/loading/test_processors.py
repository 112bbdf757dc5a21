"""Tokenizers give the ids that their vocabularies mean, and pictures are prepared on Pillow."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sentencepiece
from PIL import Image

from wassily.engine.loading import Checkpoint, find, load_image_processor, load_tokenizer
from wassily.errors import ModelBroken

TEXTS = (
    "a red cat, 4k",
    "A  RED   Cat\t and\n dog ",
    "красный кот, Красный Кот",
    "猫が屋根の上",
    "a 🐱 cat",
    "ﬁne ① ｆｕｌｌ é é",
    "don't — “quote” a\u200bb\u00a0c\u3000d",
    "",
    "   ",
)


@pytest.fixture
def changed(tmp_path: Path) -> Checkpoint:
    return Checkpoint(
        name="x",
        family="kandinsky-3",
        folder=tmp_path,
        revision=None,
        digest="",
        inpaint=False,
        licence=None,
        prior=None,
    )


def prior_of(folder: Path) -> Checkpoint:
    prior = find(folder).prior
    assert prior is not None
    return prior


@pytest.mark.parametrize("text", TEXTS)
def test_t5_gives_the_ids_of_sentencepiece(tiny3: Path, text: str) -> None:
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(tiny3 / "tokenizer" / "spiece.model"))
    tokenizer = load_tokenizer(find(tiny3))
    assert tokenizer(text).input_ids == [*pieces.encode(text), 1]
    assert tokenizer.pad_token_id == 0


@pytest.mark.parametrize("text", TEXTS)
def test_xlm_roberta_gives_the_ids_of_sentencepiece(tiny21: Path, text: str) -> None:
    """Its ids are one above SentencePiece's, whose unknown piece 0 becomes 3."""
    model = str(tiny21 / "tokenizer" / "sentencepiece.bpe.model")
    pieces = sentencepiece.SentencePieceProcessor(model_file=model)
    expected = [0, *(piece + 1 if piece else 3 for piece in pieces.encode(text)), 2]
    tokenizer = load_tokenizer(find(tiny21))
    assert tokenizer(text).input_ids == expected
    assert tokenizer.pad_token_id == 1


@pytest.mark.parametrize(("name", "lost"), [("tiny3", "spiece.model"), ("tiny21", "sentencepiece.bpe.model")])
def test_tokenizer_json_means_the_same(
    name: str, lost: str, changed: Checkpoint, request: pytest.FixtureRequest
) -> None:
    checkpoint = find(request.getfixturevalue(name))
    tokenizer = load_tokenizer(checkpoint)
    place = changed.folder / "tokenizer"
    shutil.copytree(checkpoint.folder / "tokenizer", place)
    (place / "tokenizer.json").write_text(tokenizer.backend_tokenizer.to_str(), encoding="utf-8")
    (place / lost).unlink()
    settings = json.loads((place / "tokenizer_config.json").read_text())
    for kind in (
        settings["tokenizer_class"],
        settings["tokenizer_class"] + "Fast",
        "PreTrainedTokenizerFast",
    ):
        (place / "tokenizer_config.json").write_text(json.dumps(settings | {"tokenizer_class": kind}))
        other = load_tokenizer(changed)
        assert [other(text).input_ids for text in TEXTS] == [tokenizer(text).input_ids for text in TEXTS]


@pytest.mark.parametrize(("name", "pad"), [("tiny21", "!"), ("tiny22", "<|endoftext|>")])
def test_clip_pads_as_published(name: str, pad: str, request: pytest.FixtureRequest) -> None:
    tokenizer = load_tokenizer(prior_of(request.getfixturevalue(name)))
    ids = tokenizer("The RED cat", padding="max_length", max_length=77, truncation=True).input_ids
    tokens = tokenizer.convert_ids_to_tokens(ids)
    # "the", "red" and "cat" are the merges of the tiny vocabulary; CLIP lowers the case.
    assert tokens[:5] == ["<|startoftext|>", "the</w>", "red</w>", "cat</w>", "<|endoftext|>"]
    assert tokens[5:] == [pad] * 72


def test_an_unknown_tokenizer(changed: Checkpoint) -> None:
    place = changed.folder / "tokenizer"
    place.mkdir()
    (place / "tokenizer_config.json").write_text(
        '{"tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": "x.y"}}'
    )
    with pytest.raises(ModelBroken, match=r"its tokenizer_config\.json says Evil"):
        load_tokenizer(changed)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("T5Tokenizer", ["spiece.model"]),
        ("T5Tokenizer", ["tokenizer.json"]),
        ("CLIPTokenizer", ["vocab.json", "merges.txt"]),
        ("XLMRobertaTokenizer", ["sentencepiece.bpe.model"]),
        ("PreTrainedTokenizerFast", ["tokenizer.json"]),
    ],
)
def test_a_vocabulary_that_is_broken(changed: Checkpoint, kind: str, names: list[str]) -> None:
    place = changed.folder / "tokenizer"
    place.mkdir()
    (place / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}))
    for name in names:
        (place / name).write_text("{broken")
    with pytest.raises(ModelBroken, match="cannot be read") as caught:
        load_tokenizer(changed)
    assert "tiktoken" not in caught.value.why


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("T5Tokenizer", []),
        ("XLMRobertaTokenizer", []),
        ("CLIPTokenizer", ["vocab.json"]),
        ("PreTrainedTokenizerFast", ["vocab.json", "merges.txt"]),
        ("T5TokenizerFast", ["sentencepiece.bpe.model"]),
        ("CLIPTokenizer", ["spiece.model"]),
    ],
)
def test_no_vocabulary(changed: Checkpoint, kind: str, names: list[str]) -> None:
    place = changed.folder / "tokenizer"
    place.mkdir()
    (place / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}))
    for name in names:
        (place / name).write_text("{}")
    with pytest.raises(ModelBroken, match="holds no vocabulary"):
        load_tokenizer(changed)


def test_no_tokenizer(changed: Checkpoint) -> None:
    with pytest.raises(ModelBroken, match=r"there is no tokenizer_config\.json"):
        load_tokenizer(changed)


def test_pictures_for_clip(tiny22: Path) -> None:
    processor = load_image_processor(prior_of(tiny22))
    red = Image.new("RGB", (300, 400), (255, 0, 0))
    pixels = np.asarray(processor(red, return_tensors="np")["pixel_values"])
    assert pixels.shape == (1, 3, 224, 224)
    mean, std = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    for channel, value in enumerate((1, 0, 0)):
        np.testing.assert_allclose(pixels[0, channel], (value - mean[channel]) / std[channel], rtol=1e-5)


def test_no_image_processor(changed: Checkpoint) -> None:
    with pytest.raises(ModelBroken, match=r"there is no preprocessor_config\.json"):
        load_image_processor(replace(changed, holds_prior=True))
