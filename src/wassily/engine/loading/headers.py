"""What a safetensors file says of itself: read, checked against the file's size, and digested."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from wassily.errors import ModelBroken

_LONGEST_HEADER_BYTES: Final = 100_000_000  # the format's own limit
_SAMPLE_BYTES: Final = 4096
_SAMPLES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One tensor of a file: its dtype by safetensors' name ("F16") and its shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The head of a safetensors file. `text`: its JSON as stored; `tensors`: what that says."""

    text: bytes
    tensors: Mapping[str, Stored]


def read_header(path: Path) -> Header:
    """Read the head of a safetensors file and check that the file is as long as it says.

    The format: eight bytes of header length (little-endian), the header in JSON, then the data.
    Raises ModelBroken for a truncated file, one of another format, and a Git LFS pointer.
    """
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if start == b"version ":
            _refuse(
                path, "it is a Git LFS pointer and not the weights", fix="run `git lfs pull` in the folder"
            )
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(size_bytes - 8, _LONGEST_HEADER_BYTES):
            _refuse(path, f"the file is cut short or is not a safetensors file ({size_bytes:,} bytes)")
        text = file.read(length)
    try:
        tensors, data_bytes = _parse(text)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        _refuse(path, f"its header is damaged ({error!r})")
    if 8 + length + data_bytes != size_bytes:
        _refuse(path, f"it has {size_bytes:,} bytes where its header says {8 + length + data_bytes:,}")
    return Header(text=text, tensors=tensors)


def _parse(text: bytes) -> tuple[dict[str, Stored], int]:
    content: dict[str, dict[str, Any]] = json.loads(text)
    content.pop("__metadata__", None)
    tensors = {
        name: Stored(dtype=str(entry["dtype"]), shape=tuple(int(size) for size in entry["shape"]))
        for name, entry in content.items()
    }
    return tensors, max((int(entry["data_offsets"][1]) for entry in content.values()), default=0)


def _refuse(path: Path, why: str, *, fix: str = "download the file again") -> NoReturn:
    raise ModelBroken(f"{path} cannot be read", why=why, fix=fix)


def digest_files(folder: Path, files: Iterable[Path]) -> str:
    """Return 12 hexadecimal digits that tell these weights from others, without reading them all.

    SHA-256 over each file's name in `folder`, size, header, and 16 samples of 4 KiB spread from
    its start to its end. Raises ModelBroken.
    """
    sha = hashlib.sha256()
    for path in sorted(files):
        text = read_header(path).text
        size_bytes = path.stat().st_size
        sha.update(f"{path.relative_to(folder).as_posix()}\n{size_bytes}\n".encode())
        sha.update(text)
        last = max(0, size_bytes - _SAMPLE_BYTES)
        with path.open("rb") as file:
            for i in range(_SAMPLES):
                file.seek(last * i // (_SAMPLES - 1))
                sha.update(file.read(_SAMPLE_BYTES))
    return sha.hexdigest()[:12]
