"""One step of any sampler, applied to tensors.

Legend: x_B... noisy latents or embeddings, x0 the clean ones they point to, eps the noise in
them, z fresh noise; B images, C channels.
"""

import torch
from torch import Tensor

from wassily.engine.sampling.moves import Levels, Move
from wassily.engine.sampling.schedule import Prediction, Schedule


def advance(
    move: Move,
    schedule: Schedule,
    *,
    prediction: Tensor,
    x: Tensor,
    x0_before: Tensor | None,
    z: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Take one step and return (x', x0), each shaped as `x`.

    `prediction` has the channels of `x`, or twice as many where the variance is learned; `z` is
    standard normal and needed only where the move has noise; `x0_before` is the last step's x0.
    """
    mean, spread = _split_variance(move, prediction, x)
    raw_x0 = clean_from(mean, x, move.levels, kind=schedule.prediction)
    x0 = limit(raw_x0, schedule)
    result = move.x0_scale * x0
    if move.x_scale is not None:
        result = result + move.x_scale * x
    if move.eps_scale is not None:
        result = result + move.eps_scale * _noise_in(
            move, prediction=mean, x=x, x0=x0, kind=schedule.prediction
        )
    if move.change_scale is not None and x0_before is not None:
        result = result + move.change_scale * (x0 - x0_before)
    if spread is not None and z is not None:
        result = result + spread * z
    return result, x0


def clean_from(prediction: Tensor, x: Tensor, levels: Levels, *, kind: Prediction) -> Tensor:
    """The x0 that a prediction stands for (Salimans and Ho 2022, appendix D)."""
    if kind == "sample":
        return prediction
    if kind == "v_prediction":
        return levels.alpha * x - levels.sigma * prediction
    return (x - levels.sigma * prediction) / levels.alpha


def limit(x0: Tensor, schedule: Schedule) -> Tensor:
    """Clamp or dynamically threshold x0 as the schedule says (Saharia et al. 2022, section 2.3)."""
    if schedule.threshold is not None:
        quantile, largest = schedule.threshold
        flat = x0.reshape(len(x0), -1)
        bound = torch.quantile(flat.abs().float(), quantile, dim=1, keepdim=True).clamp(min=1, max=largest)
        return (flat.clamp(-bound, bound) / bound).reshape(x0.shape)
    if schedule.clip is not None:
        return x0.clamp(-schedule.clip, schedule.clip)
    return x0


def noised(x0: Tensor, noise: Tensor, *, alpha: Tensor, sigma: Tensor) -> Tensor:
    """x0 at a noise level: alpha x0 + sigma noise (Ho et al. 2020, eq. 4)."""
    return alpha * x0 + sigma * noise


def _noise_in(move: Move, *, prediction: Tensor, x: Tensor, x0: Tensor, kind: Prediction) -> Tensor:
    levels = move.levels
    if move.eps_of_limited or kind == "sample":
        return (x - levels.alpha * x0) / levels.sigma
    if kind == "v_prediction":
        return levels.alpha * prediction + levels.sigma * x
    return prediction


def _split_variance(move: Move, prediction: Tensor, x: Tensor) -> tuple[Tensor, Tensor | None]:
    if prediction.shape[1] == x.shape[1]:
        return prediction, move.noise_scale
    mean, share = prediction.chunk(2, dim=1)
    if move.noise_scale is None or move.log_variance is None:
        return mean, move.noise_scale
    smallest, largest = move.log_variance
    fraction = (share + 1) / 2
    return mean, torch.exp(0.5 * (fraction * largest + (1 - fraction) * smallest))
