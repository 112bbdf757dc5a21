"""The engine's core: a loaded checkpoint that encodes, denoises and decodes.

Legend: B images, C channels, H W pixels, h w = H/8 W/8 latent cells.
"""

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from wassily.engine.events import Event, Step
from wassily.engine.families.kandinsky2 import Kandinsky2
from wassily.engine.families.kandinsky3 import Kandinsky3
from wassily.engine.families.movq import UNIT_PX, Movq, from_bytes, to_bytes
from wassily.engine.families.prior import Prior
from wassily.engine.families.spec import SPECS, Family, Spec, Wording
from wassily.engine.loading import Checkpoint, find, load_network, load_tokenizer
from wassily.engine.memory.probe import choose_device, choose_dtype
from wassily.engine.memory.resident import Resident
from wassily.engine.sampling.denoise import Keep, denoise
from wassily.engine.sampling.noise import Noise, slerp
from wassily.engine.sampling.samplers import for_sampler, plan_moves
from wassily.engine.sampling.schedule import read_schedule
from wassily.errors import CapabilityError
from wassily.settings import read_preferences

Result = TypeVar("Result")

_MOST_PIXELS_AT_ONCE: Final = 1024 * 1024
_MOST_IMAGES_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How to denoise: everything settled, nothing None. `width`, `height`: px the network computes."""

    width: int
    height: int
    steps: int
    guidance: float
    sampler: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Start:
    """Where denoising begins: pure noise, or a picture.

    `pixels`: uint8 (B, H, W, 3). `strength`: how much of the way is walked, None for all of it
    from pure noise. `hole`: uint8 (B, H, W), 255 = repaint; what is outside stays. `end_seed`
    and `position` turn the first noise towards another seed's.
    """

    pixels: np.ndarray | None = None
    strength: float | None = None
    hole: np.ndarray | None = None
    end_seed: int | None = None
    position: float = 0.0


class Core:
    """A checkpoint ready to draw; made by `load`."""

    def __init__(
        self, family: Family, *, checkpoint: Checkpoint, networks: Resident, dtype: torch.dtype
    ) -> None:
        self.family = family
        self.checkpoint = checkpoint
        self.device = networks.device
        self.dtype = dtype
        self.spec = _own_spec(family.spec, checkpoint)

    @classmethod
    def load(
        cls,
        name_or_path: str | Path,
        *,
        prior: str | Path | None,
        device: str,
        dtype: str,
        announce: Callable[[str], None],
    ) -> "Core":
        """Find a checkpoint and prepare to draw with it; its networks are read when first used.

        Raises ModelMissing, ModelBroken, MachineError.
        """
        checkpoint = find(name_or_path, prior=prior, announce=announce)
        place = choose_device(device)
        number = choose_dtype(dtype, device=place, weights_bytes=_weights_bytes(checkpoint))
        networks = _resident(checkpoint, place, number)
        family = _family(checkpoint, networks, number)
        return cls(family, checkpoint=checkpoint, networks=networks, dtype=number)

    def batches(self, seeds: Sequence[int], sampling: Sampling) -> Iterator[tuple[int, ...]]:
        """The seeds in groups that are drawn at once."""
        pixels = sampling.width * sampling.height
        size = min(max(_MOST_PIXELS_AT_ONCE // pixels, 1), _MOST_IMAGES_AT_ONCE)
        for first in range(0, len(seeds), size):
            yield tuple(seeds[first : first + size])

    @torch.inference_mode()
    def embed(self, source: Any, wording: Wording, seeds: tuple[int, ...]) -> Generator[Event, None, Any]:
        """What a source means to the model, for images of these seeds."""
        return (yield from self.family.embed(source, wording, seeds))

    @torch.inference_mode()
    def vision(self, source: Any, wording: Wording, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The image embedding (D,) of a source and the one it is guided away from, float32.

        Raises CapabilityError where the family draws from words.
        """
        if not isinstance(self.family, Kandinsky2):
            raise CapabilityError(
                f"{self.spec.family} has no image embeddings",
                why="its UNet reads the words directly",
                fix="use kandinsky-2.2",
            )
        concept = _result(self.family.embed(source, wording, (seed,)))
        negative = _result(self.family.negative(concept, wording, (seed,)))
        return concept.vector_BD[0].cpu().numpy(), negative[0].cpu().numpy()

    @torch.inference_mode()
    def draw(
        self, concept: Any, wording: Wording, sampling: Sampling, *, seeds: tuple[int, ...], start: Start
    ) -> Generator[Event, None, np.ndarray]:
        """Draw one batch; yields its steps and returns uint8 pixels (B, H, W, 3)."""
        condition = yield from self.family.condition(concept, wording, seeds)
        latents = yield from self.latents(condition, sampling, seeds=seeds, start=start)
        return to_bytes(self.family.movq.decode(latents).permute(0, 2, 3, 1))

    @torch.inference_mode()
    def latents(
        self, condition: Any, sampling: Sampling, *, seeds: tuple[int, ...], start: Start
    ) -> Generator[Event, None, Tensor]:
        """Denoise one batch; yields its steps and returns latents (B, 4, h, w), float32."""
        family = self.family
        inpaints = family.inpaints and start.hole is not None
        schedule = for_sampler(family.schedule, sampling.sampler, inpaint=inpaints)
        moves = plan_moves(schedule, sampling.sampler, sampling.steps)
        noise = Noise(seeds, device=self.device)
        first = self._first_noise(noise, sampling, start)
        x, extra, keep = first, None, None
        if start.pixels is not None:
            pixels = from_bytes(start.pixels, device=self.device)
            clean = family.movq.encode(pixels).expand(len(seeds), -1, -1, -1)
            if start.strength is not None:
                moves = moves[len(moves) - max(int(sampling.steps * start.strength), 1) :]
                x = family.begin(clean, first, move=moves[0], strength=start.strength)
            if start.hole is not None:
                extra, keep = self._inpainting(pixels, clean, hole=start.hole, noise=first)
        predict = partial(self._predict, condition=condition, extra=extra)
        for moment in denoise(predict, x, moves, schedule=schedule, noise=noise, keep=keep):
            x = moment.x
            sketch = partial(family.movq.sketch, moment.x0)
            yield Step(stage="decoder", index=moment.index, total=moment.total, seeds=seeds, sketch=sketch)
        return x

    def _predict(self, x: Tensor, t: int, *, condition: Any, extra: Tensor | None) -> Tensor:
        return self.family.predict(x, t, condition, extra_BCHW=extra)

    def _first_noise(self, noise: Noise, sampling: Sampling, start: Start) -> Tensor:
        shape = (4, sampling.height // 8, sampling.width // 8)
        first = noise.draw(shape)
        if start.end_seed is None:
            return first
        end = Noise([start.end_seed] * len(first), device=self.device).draw(shape)
        return slerp(first, end, start.position)

    def _inpainting(
        self, pixels: Tensor, clean: Tensor, *, hole: np.ndarray, noise: Tensor
    ) -> tuple[Tensor | None, Keep | None]:
        """The network's extra channels and what to put back at every step, as its kind wants."""
        family = self.family
        hole_B1HW = torch.from_numpy(hole).to(self.device)[:, None].float() / 255
        if not family.inpaints:
            grown = torch.nn.functional.max_pool2d(hole_B1HW, 8)
            return None, Keep(clean=clean, mask=1 - grown, noise=noise)
        extra, mask = family.inpaint_input(pixels, clean[: len(pixels)], hole_B1HW)
        keep = Keep(clean=clean, mask=mask, noise=noise) if family.keeps_while_inpainting else None
        return extra.expand(len(noise), -1, -1, -1), keep


def _own_spec(spec: Spec, checkpoint: Checkpoint) -> Spec:
    """The family's spec, with the defaults a checkpoint carries in its own wassily.json."""
    own = _carried(checkpoint).get("defaults", {})
    return replace(
        spec, **{name: own[name] for name in ("width", "height", "steps", "guidance") if name in own}
    )


def _preview(checkpoint: Checkpoint) -> np.ndarray | None:
    rows = _carried(checkpoint).get("preview")
    return None if rows is None else np.asarray(rows, dtype=np.float32)


def _carried(checkpoint: Checkpoint) -> Mapping[str, Any]:
    path = checkpoint.folder / "wassily.json"
    carried: Mapping[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return carried


def _weights_bytes(checkpoint: Checkpoint) -> int:
    """What the networks take in 32 bits, at most."""
    return 2 * sum(path.stat().st_size for path in checkpoint.folder.rglob("*.safetensors"))


def _result(generator: Generator[Event, None, Result]) -> Result:
    """What a generator returns, its events passed over."""
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            result: Result = stop.value
            return result


def canvas_px(size: int) -> int:
    """The next size in px that the networks take."""
    return -(-size // UNIT_PX) * UNIT_PX


def _resident(checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype) -> Resident:
    def read(component: str) -> Any:
        return load_network(checkpoint, component, dtype=dtype, device=device)

    return Resident(read, device=device, dtype=dtype)


def _family(checkpoint: Checkpoint, networks: Resident, dtype: torch.dtype) -> Family:
    movq = Movq(lambda: networks["movq"], preview=_preview(checkpoint))
    schedule = read_schedule(checkpoint.config("scheduler"))
    if checkpoint.family == "kandinsky-3":
        null = checkpoint.folder / "null_embedding.safetensors"
        return Kandinsky3(
            networks,
            movq=movq,
            schedule=schedule,
            tokenizer=load_tokenizer(checkpoint),
            null_embedding_D=load_file(null)["null_embedding"] if null.exists() else None,
            inpaints=checkpoint.inpaint,
        )
    assert checkpoint.prior is not None  # find() gives every 2.x checkpoint its prior
    prior = Prior(
        checkpoint.prior,
        _resident(checkpoint.prior, networks.device, dtype),
        constants=read_preferences().cache_dir / "constants",
    )
    reads_words = checkpoint.family == "kandinsky-2.1"
    return Kandinsky2(
        SPECS[checkpoint.family],
        networks,
        prior=prior,
        movq=movq,
        schedule=schedule,
        tokenizer=load_tokenizer(checkpoint) if reads_words else None,
        inpaints=checkpoint.inpaint,
    )
