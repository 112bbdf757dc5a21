"""Image embeddings in safetensors files."""

from pathlib import Path
from typing import Final

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from wassily.errors import PictureError
from wassily.picture.files import write_named
from wassily.request import Embedding

_MOST_VALUES: Final = 65_536


def save_embedding(path: str | Path, embedding: Embedding) -> Path:
    """Write an embedding to a new `.safetensors` file: `vector`, maybe `negative`, and the text."""
    path = Path(path)
    if path.suffix != ".safetensors":
        raise PictureError(
            f"{path.name} does not end in .safetensors",
            why="embeddings are kept in that format",
            fix=f"name it {path.stem}.safetensors",
        )
    arrays = {"vector": np.asarray(embedding.vector, dtype=np.float32)}
    if embedding.negative is not None:
        arrays["negative"] = np.asarray(embedding.negative, dtype=np.float32)
    text = embedding.text.encode("utf-8", "replace").decode()
    write_named(path, save(arrays, metadata={"format": "wassily-embedding-1", "text": text}))
    return path


def load_embedding(path: str | Path) -> Embedding:
    """Read an embedding; raises PictureError when the file is missing, damaged or something else."""
    path = Path(path)
    if not path.is_file():
        raise PictureError(f"there is no embedding {path}", why="no such file", fix="check the path")
    try:
        with safe_open(path, framework="numpy") as file:
            names = set(file.keys())
            sizes = [tuple(file.get_slice(name).get_shape()) for name in names]
            if "vector" not in names or any(len(size) != 1 or size[0] > _MOST_VALUES for size in sizes):
                raise _foreign(path, f"it holds {', '.join(sorted(names)[:3]) or 'nothing'}")
            negative = file.get_tensor("negative").astype(np.float32) if "negative" in names else None
            text = (file.metadata() or {}).get("text", "")
            return Embedding(
                vector=file.get_tensor("vector").astype(np.float32), negative=negative, text=text
            )
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise _foreign(path, str(error)) from error


def _foreign(path: Path, why: str) -> PictureError:
    return PictureError(
        f"{path} is no embedding of wassily", why=why, fix="make one with `wassily embed SOURCE -o FILE`"
    )
