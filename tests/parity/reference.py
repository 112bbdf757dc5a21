"""Running diffusers' own pipelines and ours side by side, and catching the latents before decoding."""

import warnings
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wassily.make import Engine

CLOSE = 1e-4  # the largest difference of float32 latents; both sides add the same numbers in another order


def generators(seed: int, count: int = 1) -> list[torch.Generator]:
    """One CPU generator per image, with the seeds that a request of `count` images has."""
    return [torch.Generator().manual_seed(seed + index) for index in range(count)]


def their_latents(pipeline: Any, **arguments: Any) -> Tensor:
    """The latents that a pipeline hands to its MoVQ."""
    caught: list[Tensor] = []
    pipeline.set_progress_bar_config(disable=True)
    decode = pipeline.movq.decode
    pipeline.movq.decode = _catching(decode, caught)
    try:
        quietly(pipeline, **arguments, output_type="pt")
    finally:
        pipeline.movq.decode = decode
    return caught[-1]


def load_pipeline(kind: Any, folder: Path, **options: Any) -> Any:
    """A diffusers pipeline on a tiny checkpoint, in float32."""
    return quietly(kind.from_pretrained, folder, dtype=torch.float32, **options)


def quietly(call: Callable[..., Any], *positional: Any, **options: Any) -> Any:
    """Call the reference, whose own deprecation warnings are no concern of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(*positional, **options)


def our_latents(engine: Engine, request: Any) -> Tensor:
    """The latents that the engine hands to its MoVQ, all batches joined."""
    caught: list[Tensor] = []
    movq = engine.core.family.movq
    decode = movq.decode
    movq.decode = _catching(decode, caught)  # type: ignore[method-assign]
    try:
        engine.make(request)
    finally:
        movq.decode = decode  # type: ignore[method-assign]
    return torch.cat(caught)


def load_engine(folder: Path) -> Engine:
    """The engine on a tiny checkpoint, on the CPU in float32."""
    return Engine.load(folder, device="cpu", dtype="float32")


def largest_difference(ours: Tensor, theirs: Tensor) -> float:
    """The largest absolute difference; shapes must agree."""
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    return float((ours - theirs).abs().max())


@torch.inference_mode()
def run_through(generator: Generator[Any, None, Any]) -> Any:
    """What a generator returns at its end."""
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


def _catching(decode: Callable[..., Any], caught: list[Tensor]) -> Callable[..., Any]:
    def catch(latents: Tensor, **options: Any) -> Any:
        caught.append(latents.detach().clone())
        return decode(latents, **options)

    return catch
