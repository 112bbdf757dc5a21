"""Randomness: one CPU generator per image, so a picture depends on its own seed and nothing else."""

from collections.abc import Sequence

import torch
from torch import Tensor


class Noise:
    """Standard normal noise for a batch, image i from a generator seeded with seeds[i].

    Drawn on the CPU in float32 and then moved, so that the place in a batch, its size and the
    device make no difference.
    """

    def __init__(self, seeds: Sequence[int], *, device: torch.device) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._device = device

    def draw(self, shape: Sequence[int]) -> Tensor:
        """The next noise, float32 of (len(seeds), *shape)."""
        rows = [torch.randn(1, *shape, generator=generator) for generator in self._generators]
        return torch.cat(rows).to(self._device, non_blocking=True)


def slerp(start: Tensor, end: Tensor, position: float) -> Tensor:
    """The point at `position` in [0, 1] on the great circle from start to end (Shoemake 1985).

    Both float tensors of one shape, (B, ...); each row turns on its own. Lengths are
    interpolated linearly; parallel rows fall back to a straight line.
    """
    flat_start, flat_end = start.reshape(len(start), -1), end.reshape(len(end), -1)
    length_start, length_end = flat_start.norm(dim=1, keepdim=True), flat_end.norm(dim=1, keepdim=True)
    cosine = (flat_start * flat_end).sum(dim=1, keepdim=True) / (length_start * length_end).clamp(min=1e-12)
    angle = torch.acos(cosine.clamp(-1, 1))
    straight = angle.sin() < 1e-4
    share = torch.where(
        straight, angle.new_tensor(1 - position), ((1 - position) * angle).sin() / angle.sin()
    )
    share_end = torch.where(straight, angle.new_tensor(position), (position * angle).sin() / angle.sin())
    length = (1 - position) * length_start + position * length_end
    mixed = share * flat_start / length_start.clamp(min=1e-12) + share_end * flat_end / length_end.clamp(
        min=1e-12
    )
    turned = torch.where(straight, (1 - position) * flat_start + position * flat_end, length * mixed)
    return turned.reshape(start.shape)
