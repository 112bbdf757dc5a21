"""Embeddings are kept in safetensors files, and only those pass for embeddings."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.picture.examples import EMBEDDING
from wassily.errors import PictureError
from wassily.picture import load_embedding, save_embedding
from wassily.request import Embedding


def test_an_embedding_comes_back(tmp_path: Path) -> None:
    again = load_embedding(save_embedding(tmp_path / "a.safetensors", EMBEDDING))
    assert np.array_equal(again.vector, EMBEDDING.vector)
    assert again.negative is not None
    assert np.array_equal(again.negative, np.zeros(768))
    assert again.text == "лиса"
    assert again.vector.dtype == np.float32


def test_the_negative_may_be_missing(tmp_path: Path) -> None:
    path = save_embedding(tmp_path / "a.safetensors", Embedding(vector=np.ones(4)))
    assert load_embedding(path).negative is None


def test_the_suffix_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"\.safetensors"):
        save_embedding(tmp_path / "a.npy", EMBEDDING)


def test_a_taken_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"precious")
    with pytest.raises(PictureError, match="exists already"):
        save_embedding(tmp_path / "a.safetensors", EMBEDDING)


@pytest.mark.parametrize("data", [b"", b"\xff" * 100, b"\x08\0\0\0\0\0\0\0{}      "])
def test_a_damaged_file_is_an_error_of_ours(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(data)
    with pytest.raises(PictureError, match="no embedding"):
        load_embedding(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "arrays",
    [
        {"weight": np.ones((2, 2), np.float32)},
        {"vector": np.ones((2, 2), np.float32)},
        {"vector": np.ones(100_000, np.float32)},
    ],
)
def test_a_models_weights_are_no_embedding(arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    save_file(arrays, tmp_path / "a.safetensors")
    with pytest.raises(PictureError, match="no embedding"):
        load_embedding(tmp_path / "a.safetensors")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no embedding"):
        load_embedding(tmp_path / "a.safetensors")
