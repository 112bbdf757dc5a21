"""The samplers by name: which steps they take and what they need of a schedule."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from wassily.engine.sampling.moves import (
    Move,
    ddim,
    ddpm,
    dpm_solver_pp_2m,
    dpm_solver_pp_2m_karras,
    lcm,
    original,
    unclip,
)
from wassily.engine.sampling.schedule import Schedule, check_steps, timesteps, unclip_timesteps

_SAMPLERS: Final[dict[str, Callable[[Schedule, Sequence[int]], list[Move]]]] = {
    "ddpm": ddpm,
    "ddim": ddim,
    "dpm++2m": dpm_solver_pp_2m,
    "dpm++2m-karras": dpm_solver_pp_2m_karras,
    "lcm": lcm,
    "original": original,
    "unclip": unclip,
}
ORIGINAL_QUANTILE: Final = 0.99
ORIGINAL_INPAINT_QUANTILE: Final = 0.95


def plan_moves(schedule: Schedule, sampler: str, steps: int) -> list[Move]:
    """The moves of `steps` steps with the named sampler, a key of _SAMPLERS.

    Raises RequestError for too many steps, CapabilityError where the schedule rules it out.
    """
    check_steps(schedule, steps)
    return _SAMPLERS[sampler](schedule, _times(schedule, sampler, steps))


def _times(schedule: Schedule, sampler: str, steps: int) -> list[int]:
    match sampler:
        case "unclip":
            return unclip_timesteps(schedule, steps)
        case "original":
            return [999 - index * 1000 // steps for index in range(steps)]
        case "lcm":
            # Kandinsky 3.1 Flash was distilled at 979, 729, 479, 229.
            return [max(979 - index * 1000 // steps, 0) for index in range(steps)]
        case "dpm++2m" | "dpm++2m-karras":
            return _solver_timesteps(schedule, steps)
        case _:
            return timesteps(schedule, steps, spacing=schedule.spacing or "leading")


def for_sampler(schedule: Schedule, sampler: str, *, inpaint: bool) -> Schedule:
    """The schedule with the limits of x0 that go with a sampler, where they are not the published ones."""
    match sampler:
        case "original":
            quantile = ORIGINAL_INPAINT_QUANTILE if inpaint else ORIGINAL_QUANTILE
            return replace(schedule, clip=None, threshold=(quantile, float("inf")))
        case "dpm++2m" | "dpm++2m-karras" | "lcm":
            # A multistep solver differentiates x0: clamping it breaks the order.
            return replace(schedule, clip=None)
        case _:
            return schedule


def _solver_timesteps(schedule: Schedule, steps: int) -> list[int]:
    """DPM-Solver leaves room for its last step at t = 0, so the spacing is that of one step more."""
    if (schedule.spacing or "linspace") == "trailing":
        return timesteps(schedule, steps, spacing="trailing")
    with_zero = min(steps + 1, schedule.train_steps)
    return timesteps(schedule, with_zero, spacing=schedule.spacing or "linspace")[:steps]
