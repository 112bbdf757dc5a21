"""Noise schedules: the published scheduler configs, the timesteps and the signal they keep.

Legend: alpha_bar = the product of (1 - beta) up to t; a clean x0 becomes
x_t = sqrt(alpha_bar) x0 + sqrt(1 - alpha_bar) noise (Ho et al. 2020, eq. 4).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from torch import Tensor

from wassily.errors import ModelBroken, RequestError

Prediction = Literal["epsilon", "v_prediction", "sample"]
Spacing = Literal["leading", "linspace", "trailing"]

# What the published scheduler classes do where their config is silent.
_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "DDPMScheduler": {"clip_sample": True, "timestep_spacing": "leading"},
    "DDIMScheduler": {"clip_sample": True, "timestep_spacing": "leading"},
    "UnCLIPScheduler": {"clip_sample": True, "variance_type": "fixed_small_log"},
    "DPMSolverMultistepScheduler": {"clip_sample": False, "timestep_spacing": "linspace"},
    "LCMScheduler": {"clip_sample": False, "timestep_spacing": "leading"},
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """A checkpoint's own noise schedule and how it wants to be sampled.

    `betas`: float32 (train_steps,). `clip`: x0 is clamped to +-clip, None for not at all.
    `threshold`: (quantile, largest) of dynamic thresholding (Saharia et al. 2022, section 2.3),
    which replaces the clamp. `spacing`: None where the config leaves it to the sampler.
    """

    sampler: str
    betas: Tensor
    alpha_bar: Tensor
    prediction: Prediction
    spacing: Spacing | None
    offset: int
    clip: float | None
    threshold: tuple[float, float] | None
    learned_variance: bool
    large_variance: bool
    final_alpha_bar: float

    @property
    def train_steps(self) -> int:
        """How many timesteps the network was trained on."""
        return len(self.betas)


def read_schedule(config: Mapping[str, Any]) -> Schedule:
    """The schedule of a published scheduler config.

    Raises ModelBroken for a scheduler class or a setting that Kandinsky models do not use.
    """
    name = str(config.get("_class_name", ""))
    if name not in _DEFAULTS:
        raise _unsupported("_class_name", name)
    full = {**_DEFAULTS[name], **{key: value for key, value in config.items() if value is not None}}
    betas = _betas(full) if name != "UnCLIPScheduler" else _cosine_betas(_train_steps(full))
    alpha_bar = torch.cumprod(1.0 - betas, dim=0)
    clips = full["clip_sample"] and not full.get("thresholding", False)
    ends_at_one = name != "DDIMScheduler" or full.get("set_alpha_to_one", True)
    return Schedule(
        sampler={"DDIMScheduler": "ddim", "UnCLIPScheduler": "unclip"}.get(name, "ddpm"),
        betas=betas,
        alpha_bar=alpha_bar,
        prediction=_one_of(full, "prediction_type", ("epsilon", "v_prediction", "sample")),
        spacing=config.get("timestep_spacing"),
        offset=int(full.get("steps_offset", 0)),
        clip=float(full.get("clip_sample_range", 1.0)) if clips else None,
        threshold=_threshold(full),
        learned_variance=full.get("variance_type") == "learned_range",
        large_variance=full.get("variance_type") == "fixed_large",
        final_alpha_bar=1.0 if ends_at_one else float(alpha_bar[0]),
    )


def timesteps(schedule: Schedule, steps: int, *, spacing: Spacing) -> list[int]:
    """`steps` timesteps from noisy to clean, each in [0, train_steps) (Lin et al. 2023, table 2)."""
    total = schedule.train_steps
    if spacing == "linspace":
        times = np.linspace(0, total - 1, steps).round()[::-1] if steps > 1 else np.array([total - 1])
    elif spacing == "leading":
        times = np.arange(steps)[::-1] * (total // steps) + schedule.offset
    else:
        times = np.round(np.arange(total, 0, -total / steps)) - 1
    return [min(int(t), total - 1) for t in times]


def unclip_timesteps(schedule: Schedule, steps: int) -> list[int]:
    """The evenly spaced timesteps of the unCLIP prior, both ends included; one step is the noisiest."""
    last = schedule.train_steps - 1
    if steps == 1:
        return [last]
    return [round(index * (last / (steps - 1))) for index in reversed(range(steps))]


def check_steps(schedule: Schedule, steps: int) -> None:
    """Raise RequestError when there are more steps than the network was trained on."""
    total = schedule.train_steps
    if steps > total:
        raise RequestError(
            f"{steps} steps are too many", why=f"the network knows {total} noise levels", fix="ask for fewer"
        )


def _betas(config: Mapping[str, Any]) -> Tensor:
    total = _train_steps(config)
    start, end = float(config.get("beta_start", 1e-4)), float(config.get("beta_end", 0.02))
    if config.get("trained_betas") is not None or config.get("rescale_betas_zero_snr", False):
        raise _unsupported("trained_betas or rescale_betas_zero_snr", "set")
    match config.get("beta_schedule", "linear"):
        case "linear":
            return torch.linspace(start, end, total, dtype=torch.float32)
        case "scaled_linear":
            return torch.linspace(start**0.5, end**0.5, total, dtype=torch.float32) ** 2
        case "squaredcos_cap_v2":
            return _cosine_betas(total)
        case other:
            raise _unsupported("beta_schedule", other)


def _cosine_betas(total: int) -> Tensor:
    """The cosine schedule of Nichol and Dhariwal 2021, eq. 17, betas capped at 0.999."""

    def kept(share: float) -> float:
        return math.cos((share + 0.008) / 1.008 * math.pi / 2) ** 2

    betas = [min(1 - kept((i + 1) / total) / kept(i / total), 0.999) for i in range(total)]
    return torch.tensor(betas, dtype=torch.float32)


def _train_steps(config: Mapping[str, Any]) -> int:
    return int(config.get("num_train_timesteps", 1000))


def _threshold(config: Mapping[str, Any]) -> tuple[float, float] | None:
    if not config.get("thresholding", False):
        return None
    return float(config.get("dynamic_thresholding_ratio", 0.995)), float(config.get("sample_max_value", 1.0))


def _one_of(config: Mapping[str, Any], key: str, allowed: tuple[Prediction, ...]) -> Prediction:
    value = config.get(key, allowed[0])
    if value not in allowed:
        raise _unsupported(key, value)
    return allowed[allowed.index(value)]


def _unsupported(key: str, value: object) -> ModelBroken:
    return ModelBroken(
        f"the checkpoint's scheduler has {key} = {value!r}",
        why="no Kandinsky model is published so, and drawing with other numbers would give a wrong picture",
        fix="use the scheduler_config.json published with the model",
    )
