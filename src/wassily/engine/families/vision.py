"""CLIP image embeddings, the concepts of Kandinsky 2: from texts, pictures and files; mixed and turned.

Legend: B images, D embedding width.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from wassily.engine.events import Event
from wassily.engine.families.prior import Prior
from wassily.engine.families.spec import Source, Wording
from wassily.engine.sampling.noise import slerp
from wassily.errors import RequestError
from wassily.request import Embedding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vision:
    """A concept of 2.x: image embeddings (B, D), and the negative ones that came with them."""

    vector_BD: Tensor
    negative_BD: Tensor | None = None


def envision(
    prior: Prior, source: Source, wording: Wording, *, seeds: Sequence[int], device: torch.device
) -> Generator[Event, None, Vision]:
    """The Vision of a text (through the prior), a picture (through CLIP) or a saved embedding."""
    if isinstance(source, str):
        return Vision(vector_BD=(yield from prior.draw(source, wording, seeds, negative=wording.negative)))
    if isinstance(source, Image.Image):
        return Vision(vector_BD=prior.see(source).expand(len(seeds), -1))
    return _saved(source, len(seeds), width=prior.width, device=device)


def blend_visions(parts: Sequence[tuple[Vision, float]]) -> Vision:
    """The weighted sum, of the negatives too where every part has one."""
    weighted = [vision.vector_BD * weight for vision, weight in parts]
    away = [vision.negative_BD * weight for vision, weight in parts if vision.negative_BD is not None]
    negative = torch.stack(away).sum(0) if len(away) == len(parts) else None
    return Vision(vector_BD=torch.stack(weighted).sum(0), negative_BD=negative)


def turn_vision(start: Vision, end: Vision, position: float) -> Vision:
    """The Vision at `position` from start to end on the great circle."""
    return Vision(vector_BD=slerp(start.vector_BD, end.vector_BD, position), negative_BD=start.negative_BD)


def negative_vision(
    prior: Prior, vision: Vision, wording: Wording, *, seeds: Sequence[int]
) -> Generator[Event, None, Tensor]:
    """The embeddings (B, D) to be guided away from: the negative prompt's, or those of nothing."""
    if wording.negative:
        return (yield from prior.draw(wording.negative, wording, seeds, negative=wording.negative))
    if vision.negative_BD is not None:
        return vision.negative_BD
    return prior.nothing().expand(len(seeds), -1)


def _saved(embedding: Embedding, count: int, *, width: int, device: torch.device) -> Vision:
    if len(embedding.vector) != width:
        raise RequestError(
            f"the embedding has {len(embedding.vector)} numbers and this model reads {width}",
            why="it was made with another model",
            fix="make it again with this model",
        )
    vector = torch.from_numpy(embedding.vector).float().to(device).expand(count, -1)
    if embedding.negative is None:
        return Vision(vector_BD=vector)
    negative = torch.from_numpy(embedding.negative).float().to(device).expand(count, -1)
    return Vision(vector_BD=vector, negative_BD=negative)
