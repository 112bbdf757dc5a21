"""Samplers as tables: each turns a schedule into one `Move` per step, all numbers known beforehand.

A sampler is a pure function (schedule, times) -> moves, named by its paper; `advance` in step.py
applies a move. The order of operations is the published one: rearranged formulas drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from wassily.engine.sampling.schedule import Schedule
from wassily.errors import CapabilityError

_ONE = torch.tensor(1.0)
_TINY = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levels:
    """Signal (`alpha`) and noise (`sigma`) at timestep t and after the step; 1 and 0 at the end."""

    t: int
    alpha: Tensor
    sigma: Tensor
    alpha_next: Tensor
    sigma_next: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Move:
    """One step: x' = x0_scale x0 + x_scale x + eps_scale eps + change_scale (x0 - x0_before) + noise_scale z.

    Every number is a float32 scalar on the CPU, so none is read back from a device. A scale that
    is None is zero. `log_variance`: (smallest, largest) between which a learned variance lies.
    `eps_of_limited`: eps is taken from the limited x0 instead of the network.
    """

    levels: Levels
    x0_scale: Tensor
    x_scale: Tensor | None = None
    eps_scale: Tensor | None = None
    change_scale: Tensor | None = None
    noise_scale: Tensor | None = None
    log_variance: tuple[Tensor, Tensor] | None = None
    eps_of_limited: bool = False


def ddpm(schedule: Schedule, times: Sequence[int]) -> list[Move]:
    """Ancestral sampling (Ho et al. 2020, eq. 7), with fixed or learned variance (Nichol 2021, eq. 15)."""
    moves = []
    for t, t_next in _pairs(times):
        here, after = schedule.alpha_bar[t], _alpha_bar(schedule, t_next)
        alpha = here / after
        beta = 1 - alpha
        variance = torch.clamp((1 - after) / (1 - here) * beta, min=_TINY)
        moves.append(
            Move(
                levels=_levels(t, here, after),
                x0_scale=after**0.5 * beta / (1 - here),
                x_scale=alpha**0.5 * (1 - after) / (1 - here),
                noise_scale=None if t_next < 0 else (beta if schedule.large_variance else variance) ** 0.5,
                log_variance=(torch.log(variance), torch.log(beta)) if schedule.learned_variance else None,
            )
        )
    return moves


def unclip(schedule: Schedule, times: Sequence[int]) -> list[Move]:
    """The unCLIP prior's ancestral sampling over a subset of timesteps (Ramesh et al. 2022)."""
    moves = []
    for t, t_next in _pairs(times):
        here, after = schedule.alpha_bar[t], _alpha_bar(schedule, t_next)
        beta = schedule.betas[t] if t_next == t - 1 else 1 - here / after
        alpha = 1 - beta
        variance = torch.clamp((1 - after) / (1 - here) * beta, min=_TINY)
        moves.append(
            Move(
                levels=_levels(t, here, after),
                x0_scale=after**0.5 * beta / (1 - here),
                x_scale=alpha**0.5 * (1 - after) / (1 - here),
                noise_scale=None if t_next < 0 else torch.exp(0.5 * torch.log(variance)),
            )
        )
    return moves


def ddim(schedule: Schedule, times: Sequence[int]) -> list[Move]:
    """Deterministic implicit sampling (Song et al. 2021, eq. 12 with eta 0)."""
    moves = []
    for t, t_next in _pairs(times):
        here = schedule.alpha_bar[t]
        after = schedule.alpha_bar[t_next] if t_next >= 0 else torch.tensor(schedule.final_alpha_bar)
        moves.append(Move(levels=_levels(t, here, after), x0_scale=after**0.5, eps_scale=(1 - after) ** 0.5))
    return moves


def original(schedule: Schedule, times: Sequence[int]) -> list[Move]:
    """Kandinsky 3's own loop: eta 1, eps taken from the thresholded x0, ending at t = 0.

    Source: ai-forever/Kandinsky-3, kandinsky3/model/diffusion.py.
    """
    moves = []
    for t, t_next in zip(times, [*times[1:], 0], strict=True):
        here, after = schedule.alpha_bar[t], schedule.alpha_bar[t_next]
        spread = torch.sqrt((1 - here / after) * (1 - after) / (1 - here))
        moves.append(
            Move(
                levels=_levels(t, here, after),
                x0_scale=torch.sqrt(after),
                eps_scale=torch.sqrt(torch.clamp(1 - after - spread**2, min=0)),
                noise_scale=None if t_next == 0 else spread,
                eps_of_limited=True,
            )
        )
    return moves


def lcm(schedule: Schedule, times: Sequence[int]) -> list[Move]:
    """Consistency sampling: x0, noised afresh to the next level (Luo et al. 2023, algorithm 3)."""
    moves = []
    for t, t_next in _pairs(times):
        here, after = schedule.alpha_bar[t], _alpha_bar(schedule, t_next)
        noise_scale = None if t_next < 0 else (1 - after) ** 0.5
        moves.append(Move(levels=_levels(t, here, after), x0_scale=after**0.5, noise_scale=noise_scale))
    return moves


def dpm_solver_pp_2m(schedule: Schedule, times: Sequence[int]) -> list[Move]:
    """The second-order multistep solver DPM-Solver++(2M) (Lu et al. 2022, algorithm 2)."""
    sigmas = ((1 - schedule.alpha_bar) / schedule.alpha_bar) ** 0.5
    return _dpm_solver(list(times), [sigmas[t] for t in times])


def dpm_solver_pp_2m_karras(schedule: Schedule, times: Sequence[int]) -> list[Move]:
    """DPM-Solver++(2M) at the noise levels of Karras et al. 2022, eq. 5 with rho 7.

    Raises CapabilityError for cosine schedules, whose last levels are all but pure noise.
    """
    sigmas = (((1 - schedule.alpha_bar) / schedule.alpha_bar) ** 0.5).numpy()
    if sigmas[-1] > 1000:
        raise CapabilityError(
            "this model has no Karras noise levels",
            why="its cosine schedule ends in pure noise, where the levels bunch up",
            fix="use the sampler dpm++2m",
        )
    ramp = np.linspace(0, 1, len(times))
    low, high = sigmas[0] ** (1 / 7), sigmas[-1] ** (1 / 7)
    chosen = (high + ramp * (low - high)) ** 7
    rounded = np.interp(np.log(chosen), np.log(sigmas), np.arange(len(sigmas))).round()
    return _dpm_solver([int(t) for t in rounded], [torch.tensor(s, dtype=torch.float32) for s in chosen])


def _dpm_solver(times: list[int], sigmas: list[Tensor]) -> list[Move]:
    moves: list[Move] = []
    step_before: Tensor | None = None
    for index, t in enumerate(times):
        alpha, sigma = _split(sigmas[index])
        last = index == len(times) - 1
        alpha_next, sigma_next = (_ONE, torch.tensor(0.0)) if last else _split(sigmas[index + 1])
        step = torch.log(alpha_next) - torch.log(sigma_next) - (torch.log(alpha) - torch.log(sigma))
        x0_scale = -(alpha_next * (torch.exp(-step) - 1.0))
        moves.append(
            Move(
                levels=Levels(t=t, alpha=alpha, sigma=sigma, alpha_next=alpha_next, sigma_next=sigma_next),
                x0_scale=x0_scale,
                x_scale=sigma_next / sigma,
                change_scale=None if step_before is None or last else 0.5 * x0_scale / (step_before / step),
            )
        )
        step_before = step
    return moves


def _split(sigma: Tensor) -> tuple[Tensor, Tensor]:
    alpha = 1 / (sigma**2 + 1) ** 0.5
    return alpha, sigma * alpha


def _pairs(times: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(times, [*times[1:], -1], strict=True))


def _alpha_bar(schedule: Schedule, t: int) -> Tensor:
    return schedule.alpha_bar[t] if t >= 0 else _ONE


def _levels(t: int, here: Tensor, after: Tensor) -> Levels:
    return Levels(
        t=t,
        alpha=here**0.5,
        sigma=(1 - here) ** 0.5,
        alpha_next=after**0.5,
        sigma_next=(1 - after) ** 0.5,
    )
