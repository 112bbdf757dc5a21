"""The sentence: request → workflow → finish → picture."""

import importlib.metadata
import sys
import time
import warnings
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from PIL import Image

from wassily.engine.core import Core
from wassily.engine.events import Note, Step
from wassily.finish.blend import keep_outside
from wassily.picture import Picture, Recipe, describe
from wassily.request import (
    Embedding,
    Image2Image,
    Inpaint,
    Interpolate,
    Mix,
    Outpaint,
    Request,
    Text2Image,
    workflow_of,
)
from wassily.workflows.drawn import Drawn, Workflow
from wassily.workflows.image2image import image2image
from wassily.workflows.mix import interpolate, mix
from wassily.workflows.repaint import repaint
from wassily.workflows.settle import settle, wording_of
from wassily.workflows.text2image import text2image

Happening: TypeAlias = Note | Step | Picture

_WORKFLOWS: Final[dict[type[Request], Callable[[Core, Any], Workflow]]] = {
    Text2Image: text2image,
    Image2Image: image2image,
    Inpaint: repaint,
    Outpaint: repaint,
    Mix: mix,
    Interpolate: interpolate,
}
_DECISIVE: Final = ("wassily", "torch", "diffusers", "transformers")


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


class Engine:
    """A loaded model that makes pictures of requests; made by `load`."""

    def __init__(self, core: Core) -> None:
        self.core = core

    @classmethod
    def load(
        cls,
        name_or_path: str | Path = "mini-3",
        *,
        prior: str | Path | None = None,
        device: str = "auto",
        dtype: str = "auto",
        announce: Callable[[str], None] = _tell,
    ) -> "Engine":
        """Load a model: an embedded or published name, a hub id, or a folder in a published layout.

        `prior`: the other half of a 2.x model, where it is not the usual one. `device`: auto, cpu,
        cuda, cuda:N, xpu or mps. `dtype`: auto, float32, bfloat16 or float16. `announce` is told
        what is about to be downloaded; by default it is written to standard error.
        Raises ModelMissing, ModelBroken, MachineError.
        """
        return cls(Core.load(name_or_path, prior=prior, device=device, dtype=dtype, announce=announce))

    def settle(self, request: Request) -> Request:
        """The request with the model's defaults filled in; raises CapabilityError for what it cannot do."""
        return settle(request, self.core)

    def run(self, request: Request) -> Generator[Happening, None, None]:
        """Make the pictures of a request, yielding each Note, Step and finished Picture.

        Close the generator to cancel: it stops within a step. Raises RequestError and
        CapabilityError before the first step.
        """
        settled = self.settle(request)
        notes: list[str] = []
        began = time.perf_counter()
        for event in _WORKFLOWS[type(request)](self.core, settled):
            if isinstance(event, Drawn):
                yield self._picture(settled, event, notes=notes, seconds=time.perf_counter() - began)
                began = time.perf_counter()
            elif not isinstance(event, Note):
                yield event
            elif event.text not in notes:
                notes.append(event.text)
                yield event

    def make(self, request: Request) -> list[Picture]:
        """All pictures of a request; notes become Python warnings."""
        pictures = []
        for event in self.run(request):
            if isinstance(event, Picture):
                pictures.append(event)
            elif isinstance(event, Note):
                warnings.warn(event.text, stacklevel=2)
        return pictures

    def embed(
        self,
        source: str | Image.Image | Path,
        *,
        negative: str = "",
        seed: int | None = None,
        steps: int | None = None,
        guidance: float | None = None,
    ) -> Embedding:
        """The image embedding of a text or picture, for Mix; 2.x only (CapabilityError).

        `steps` and `guidance` are the prior's.
        """
        request = Mix(
            sources=[(source, 1.0)], negative=negative, seed=seed, prior_steps=steps, prior_guidance=guidance
        )
        settled = settle(request, self.core)
        vector, away = self.core.vision(settled.parts[0][0], wording_of(settled), settled.first_seed)
        return Embedding(vector=vector, negative=away, text=source if isinstance(source, str) else "")

    def _picture(self, request: Request, drawn: Drawn, *, notes: list[str], seconds: float) -> Picture:
        checkpoint = self.core.checkpoint
        recipe = Recipe(
            workflow=workflow_of(request),
            request=describe(request, seed=drawn.seed, frame=drawn.frame),
            model=checkpoint.name,
            family=checkpoint.family,
            prior=checkpoint.prior.name if checkpoint.prior else None,
            revision=checkpoint.revision,
            digest=checkpoint.digest,
            versions={name: importlib.metadata.version(name) for name in _DECISIVE},
            device=str(self.core.device),
            dtype=str(self.core.dtype).removeprefix("torch."),
            seconds=round(seconds, 3),
            notes=tuple(notes),
            batch=drawn.batch,
        )
        return Picture(pixels=finish(request, drawn.pixels), seed=drawn.seed, recipe=recipe)


def finish(request: Request, pixels: np.ndarray) -> np.ndarray:
    """What is done to uint8 H x W x 3 pixels after the networks."""
    if isinstance(request, Inpaint | Outpaint):
        return keep_outside(request.scene, pixels, feather=request.feather)
    return pixels
