"""Filling in what a request leaves to the model, so that its recipe says everything."""

from dataclasses import replace
from typing import TypeVar

from wassily.engine.core import Core, Sampling, canvas_px
from wassily.engine.families.spec import Spec, Wording
from wassily.errors import CapabilityError
from wassily.pixels import within
from wassily.request import SMALLEST_PX, Drawing, Image2Image, Inpaint, Outpaint

AnyRequest = TypeVar("AnyRequest", bound=Drawing)


def settle(request: AnyRequest, core: Core) -> AnyRequest:
    """The request with the model's defaults in every field that was left open.

    Raises CapabilityError for what this model cannot do.
    """
    spec = core.spec
    _check(request, core)
    width, height = _size(request, spec)
    return replace(
        request,
        steps=request.steps or (4 if request.sampler == "lcm" else spec.steps),
        guidance=_guidance(request, spec),
        sampler=request.sampler or core.family.schedule.sampler,
        width=width,
        height=height,
        prior_steps=request.prior_steps or spec.prior_steps,
        prior_guidance=spec.prior_guidance if request.prior_guidance is None else request.prior_guidance,
    )


def sampling_of(request: Drawing, width: int, height: int) -> Sampling:
    """How a settled request is denoised on a canvas that holds width x height px."""
    assert request.steps
    assert request.sampler
    assert request.guidance is not None
    return Sampling(
        width=canvas_px(width),
        height=canvas_px(height),
        steps=request.steps,
        guidance=request.guidance,
        sampler=request.sampler,
    )


def wording_of(request: Drawing) -> Wording:
    """The words of a settled request."""
    assert request.guidance is not None  # settled
    return Wording(
        prompt=request.prompt,
        negative=request.negative,
        guidance=request.guidance,
        prior_steps=request.prior_steps,
        prior_guidance=request.prior_guidance,
        original=request.sampler == "original",
    )


def _guidance(request: Drawing, spec: Spec) -> float:
    if request.guidance is not None:
        return float(request.guidance)
    # A distilled model has its guidance built in.
    return spec.neutral_guidance if request.sampler == "lcm" else spec.guidance


def _size(request: Drawing, spec: Spec) -> tuple[int | None, int | None]:
    if isinstance(request, Outpaint):
        return None, None
    if request.width is not None or request.height is not None:
        return request.width or request.height, request.height or request.width
    if isinstance(request, Inpaint):
        return request.pixels.size
    if isinstance(request, Image2Image):
        return within(*request.pixels.size, area=spec.width * spec.height, shortest=SMALLEST_PX)
    return spec.width, spec.height


def _check(request: Drawing, core: Core) -> None:
    if request.sampler is not None and request.sampler not in core.spec.samplers:
        raise CapabilityError(
            f"{core.spec.family} cannot be drawn with the sampler {request.sampler}",
            why="it has no such noise levels or no such loop",
            fix=f"use one of {', '.join(core.spec.samplers)}",
        )
    takes_prior = core.spec.prior_steps is not None
    if not takes_prior and (request.prior_steps is not None or request.prior_guidance is not None):
        raise CapabilityError(
            f"{core.spec.family} has no prior",
            why="its UNet reads the words directly",
            fix="leave out prior_steps and prior_guidance",
        )
    if core.family.inpaints and not isinstance(request, Inpaint | Outpaint):
        raise CapabilityError(
            f"{core.checkpoint.name} only inpaints",
            why="its UNet wants a picture and a mask in five more channels",
            fix=f"use {core.spec.family} for {type(request).__name__}",
        )
