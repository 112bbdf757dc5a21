"""The samplers by name: which steps they take and what they need of a schedule."""

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

ORIGINAL_QUANTILE: Final = 0.99
ORIGINAL_INPAINT_QUANTILE: Final = 0.95


def plan_moves(schedule: Schedule, sampler: str, steps: int) -> list[Move]:
    """The moves of `steps` steps with the named sampler (one of request.SAMPLERS, or unclip).

    Raises RequestError for too many steps, CapabilityError where the schedule rules it out.
    """
    check_steps(schedule, steps)
    match sampler:
        case "ddpm":
            return ddpm(schedule, timesteps(schedule, steps, spacing=schedule.spacing or "leading"))
        case "ddim":
            return ddim(schedule, timesteps(schedule, steps, spacing=schedule.spacing or "leading"))
        case "unclip":
            return unclip(schedule, unclip_timesteps(schedule, steps))
        case "dpm++2m":
            return dpm_solver_pp_2m(schedule, _solver_timesteps(schedule, steps))
        case "dpm++2m-karras":
            return dpm_solver_pp_2m_karras(schedule, _solver_timesteps(schedule, steps))
        case "original":
            return original(schedule, list(range(999, 0, -max(1000 // steps, 1)))[:steps])
        case "lcm":
            # Kandinsky 3.1 Flash was distilled at 979, 729, 479, 229.
            return lcm(schedule, [979 - index * (1000 // steps) for index in range(steps)])
        case other:
            raise AssertionError(f"sampler {other!r} passed the request's check")


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
