"""An engine that draws noise and tells of steps, as the real one does, without torch.

`python tests/surfaces/fake_engine.py ARGS...` is the command line with this engine behind it.
"""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np

from wassily.engine.events import Note, Step
from wassily.errors import CapabilityError, ModelMissing
from wassily.picture import Picture, Recipe, describe
from wassily.request import Embedding, Interpolate, Outpaint, Request, workflow_of

PAUSE_S = 0.0


class Engine:
    """Pictures are a pure function of seed, frame and size."""

    def __init__(self, name: str, dtype: str) -> None:
        self.core = self
        self.name = name
        self.dtype = "float32" if dtype == "auto" else dtype

    @classmethod
    def load(
        cls,
        name_or_path: str = "mini-3",
        *,
        prior: str | None = None,
        device: str = "auto",
        dtype: str = "auto",
        announce: Callable[[str], None] = print,
    ) -> "Engine":
        if name_or_path == "missing":
            raise ModelMissing("there is no model 'missing'", why="no such name", fix="see `wassily models`")
        announce(f"on {device}")
        return cls(name_or_path, dtype)

    def settle(self, request: Request) -> Request:
        steps = request.steps or 4
        if isinstance(request, Outpaint):
            return replace(request, steps=steps)
        return replace(request, steps=steps, width=request.width or 64, height=request.height or 64)

    def run(self, request: Request) -> Iterator[Note | Step | Picture]:
        if request.prompt == "impossible":
            raise CapabilityError("mini-3 cannot do that", why="it is small", fix="use another model")
        request = self.settle(request)
        frames = frames_of(request) if isinstance(request, Interpolate) else [None]
        if request.prompt.startswith("long"):
            yield Note(text="some words were cut")
        for seed in request.seeds:
            for frame in frames:
                for index in range(1, request.steps + 1):
                    time.sleep(PAUSE_S)
                    yield Step(stage="decoder", index=index, total=request.steps, seeds=(seed,), sketch=list)
                yield self._picture(request, seed, frame)

    def embed(self, source, *, negative="", seed=None, steps=None, guidance=None) -> Embedding:
        return Embedding(vector=np.full(8, len(str(source)), np.float32), negative=np.zeros(8, np.float32))

    def _picture(self, request: Request, seed: int, frame: int | None) -> Picture:
        width, height = request.canvas if isinstance(request, Outpaint) else (request.width, request.height)
        random = np.random.default_rng([seed, frame or 0])
        recipe = Recipe(
            workflow=workflow_of(request),
            request=describe(request, seed=seed, frame=frame),
            model=self.name,
            family="kandinsky-3",
            versions={"wassily": "0.1.0", "torch": "2.13.0"},
            device="cpu",
            dtype=self.dtype,
            seconds=0.5,
        )
        pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
        return Picture(pixels=pixels, seed=seed, recipe=recipe)


def frames_of(request: Interpolate) -> list[int]:
    return list(range(request.frames)) if request.frame is None else [request.frame]


def modules() -> dict[str, ModuleType]:
    """The modules of the package that this engine stands in for."""
    make = ModuleType("wassily.make")
    make.Engine = Engine
    return {"wassily.make": make}


if __name__ == "__main__":
    from wassily.surfaces.cli import main

    PAUSE_S = float(Path(sys.argv.pop(1)).name)
    sys.modules.update(modules())
    main()
