"""Safetensors files are measured against their own headers, and told apart by a quick digest."""

import json
from pathlib import Path

import pytest
import torch

from tests.checkpoints.networks import write_tensors
from wassily.engine.loading.headers import Stored, digest_files, read_header
from wassily.errors import ModelBroken


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unet" / "model.safetensors"
    path.parent.mkdir()
    write_tensors(path, {"a": torch.arange(6.0).reshape(2, 3).half(), "b": torch.ones(15_000)})
    return path


def test_header_says_dtypes_and_shapes(file: Path) -> None:
    assert read_header(file).tensors == {
        "a": Stored(dtype="F16", shape=(2, 3)),
        "b": Stored(dtype="F32", shape=(15_000,)),
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cut short"),
        (b"\x10\x00", "cut short"),
        ((500).to_bytes(8, "little") + b"{}", "cut short or is not a safetensors file"),
        (b"PK\x03\x04" + bytes(100), "cut short or is not a safetensors file"),
        ((2).to_bytes(8, "little") + b"{]", "header is damaged"),
        ((2).to_bytes(8, "little") + b"[]", "header is damaged"),
        ((15).to_bytes(8, "little") + b'{"a":{"x":"y"}}', "header is damaged"),
        ((2).to_bytes(8, "little") + b"{}extra", "15|17 bytes"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
    ],
)
def test_what_is_not_a_safetensors_file(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(ModelBroken, match=message):
        read_header(file)


@pytest.mark.parametrize("lost_bytes", [1, 1000, 60_000])
def test_a_truncated_file(file: Path, lost_bytes: int) -> None:
    file.write_bytes(file.read_bytes()[:-lost_bytes])
    with pytest.raises(ModelBroken, match="where its header says"):
        read_header(file)


def test_digest_is_short_and_stable(file: Path) -> None:
    digest = digest_files(file.parents[1], [file])
    assert digest == digest_files(file.parents[1], [file])
    assert len(digest) == 12
    int(digest, 16)


@pytest.mark.parametrize("position", [8 + 60, -1, -30_000])
def test_digest_changes_with_header_and_samples(file: Path, position: int) -> None:
    """In so small a file the samples leave no gap."""
    before = digest_files(file.parents[1], [file])
    data = bytearray(file.read_bytes())
    length = int.from_bytes(data[:8], "little")
    if position > 0:
        text = json.loads(data[8 : 8 + length])
        text["__metadata__"] = {"format": "np"}
        data[8 : 8 + length] = json.dumps(text, separators=(",", ":")).encode().ljust(length)
    else:
        data[position] ^= 0xFF
    file.write_bytes(data)
    assert digest_files(file.parents[1], [file]) != before


def test_digest_changes_with_the_name(file: Path) -> None:
    before = digest_files(file.parents[1], [file])
    moved = file.rename(file.with_name("other.safetensors"))
    assert digest_files(file.parents[1], [moved]) != before
