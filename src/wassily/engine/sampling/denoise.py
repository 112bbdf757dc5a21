"""The one denoising loop, for priors and decoders alike."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from wassily.engine.sampling.moves import Move
from wassily.engine.sampling.noise import Noise
from wassily.engine.sampling.schedule import Schedule
from wassily.engine.sampling.step import advance, noised

Predict = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Keep:
    """What must stay: `clean` latents (B, C, h, w) where `mask` (B, 1, h, w) is 1, noised by `noise`."""

    clean: Tensor
    mask: Tensor
    noise: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """One finished step: `index` of `total` (from 1), x after it and the x0 it pointed to."""

    index: int
    total: int
    x: Tensor
    x0: Tensor


def denoise(
    predict: Predict,
    x: Tensor,
    moves: Sequence[Move],
    *,
    schedule: Schedule,
    noise: Noise,
    keep: Keep | None = None,
) -> Iterator[Moment]:
    """Walk `moves` from x, yielding each step; close the generator to cancel.

    `predict(x, t)` is the guided network. With `keep`, the kept part is put back at the new
    noise level after every step (Lugmayr et al. 2022, eq. 8, without resampling).
    """
    x0 = None
    for index, move in enumerate(moves, start=1):
        z = noise.draw(x.shape[1:]) if move.noise_scale is not None else None
        x, x0 = advance(move, schedule, prediction=predict(x, move.levels.t), x=x, x0_before=x0, z=z)
        if keep is not None:
            level = move.levels
            kept = noised(keep.clean, keep.noise, alpha=level.alpha_next, sigma=level.sigma_next)
            x = keep.mask * kept + (1 - keep.mask) * x
        yield Moment(index=index, total=len(moves), x=x, x0=x0)
