"""Save and resume training; budgets, learning rates and randomness as functions of what is saved."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from recipes.mini.optimiser import Muon

SAVE_EVERY_S = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long a stage trains: minutes of training time, or samples, whichever is given."""

    minutes: float | None = None
    samples: int | None = None

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.samples is None):
            raise ValueError("a budget is either minutes or samples: give exactly one of them")

    def progress(self, *, elapsed_s: float, samples: int) -> float:
        """Return the part of the budget that is spent, 0 to 1."""
        if self.minutes is not None:
            return min(1.0, elapsed_s / (60 * self.minutes))
        assert self.samples is not None
        return min(1.0, samples / self.samples)


def learning_rate(peak: float, progress: float, *, step: int, warm_up: int, hold: float = 0.0) -> float:
    """Warm up linearly, stay at `peak` until `hold` of the budget, then fall to nothing along a cosine."""
    fallen = max(0.0, progress - hold) / (1 - hold)
    return peak * min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * fallen))


def seeded(*numbers: int) -> tuple[np.random.Generator, torch.Generator]:
    """Return generators that depend on `numbers` alone: a resumed run draws what it would have drawn."""
    draws = np.random.default_rng(numbers)
    return draws, torch.Generator().manual_seed(int(draws.integers(2**62)))


def save(path: Path, content: object) -> None:
    """Write a checkpoint under a temporary name, then rename it."""
    partial = path.with_suffix(".part")
    torch.save(content, partial)
    partial.replace(path)


@dataclass(slots=True, kw_only=True)
class Run:
    """The mutable state of one training: networks, optimiser and how far it is."""

    path: Path
    model: nn.Module
    optimiser: Muon
    average: dict[str, Tensor] | None = None
    step: int = 0
    samples: int = 0
    elapsed_s: float = 0.0
    started_s: float = 0.0
    saved_s: float = 0.0

    def resume(self) -> None:
        """Read the checkpoint if there is one, and start the clock."""
        self.started_s = self.saved_s = time.monotonic()
        if not self.path.exists():
            return
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        if self.average is not None:
            self.average = {name: state["average"][name].to(value) for name, value in self.average.items()}
        self.step, self.samples, self.elapsed_s = state["step"], state["samples"], state["elapsed_s"]
        self.started_s -= self.elapsed_s

    def clock_s(self) -> float:
        """Return the seconds this training has run, over all its sittings."""
        return time.monotonic() - self.started_s

    def save(self, *, force: bool = False) -> None:
        """Write the checkpoint if the last one is some minutes old."""
        if not force and time.monotonic() - self.saved_s < SAVE_EVERY_S:
            return
        self.saved_s = time.monotonic()
        content = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "average": self.average,
            "step": self.step,
            "samples": self.samples,
            "elapsed_s": self.elapsed_s,
        }
        save(self.path, content)


def spend(run: Run, budget: Budget) -> Iterator[float]:
    """Yield the progress before every step until the budget is spent."""
    while (progress := budget.progress(elapsed_s=run.elapsed_s, samples=run.samples)) < 1:
        yield progress


@torch.no_grad()
def follow(average: dict[str, Tensor], model: nn.Module, *, decay: float) -> None:
    """Move the running average of the weights one step: average = decay * average + (1 - decay) * weights."""
    weights = dict(model.named_parameters())
    torch._foreach_lerp_(list(average.values()), [weights[name] for name in average], 1 - decay)
