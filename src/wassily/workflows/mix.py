"""One picture of several things, and the strip of pictures between two."""

from wassily.engine.core import Core, Start
from wassily.pixels import crop_centre
from wassily.request import Interpolate, Mix
from wassily.workflows.drawn import Drawn, Workflow, drawn_batch
from wassily.workflows.settle import sampling_of, wording_of


def mix(core: Core, request: Mix) -> Workflow:
    """Draw the weighted sum of what the sources mean to the model."""
    assert request.width  # settled
    assert request.height
    sampling = sampling_of(request, request.width, request.height)
    wording = wording_of(request)
    for seeds in core.batches(request.seeds, sampling):
        parts = []
        for source, weight in request.parts:
            parts.append(((yield from core.embed(source, wording, seeds)), weight))
        concept = core.family.blend(parts)
        pixels = yield from core.draw(concept, wording, sampling, seeds=seeds, start=Start())
        yield from drawn_batch(crop_centre(pixels, request.width, request.height), seeds)


def interpolate(core: Core, request: Interpolate) -> Workflow:
    """Draw the frames between two sources, each as it would be alone."""
    assert request.width  # settled
    assert request.height
    sampling = sampling_of(request, request.width, request.height)
    wording = wording_of(request)
    seeds = request.seeds
    start_source, end_source = request.ends
    start = yield from core.embed(start_source, wording, seeds)
    end = yield from core.embed(end_source, wording, seeds)
    for position in request.positions:
        concept = core.family.turn(start, end, position)
        begin = Start(end_seed=request.end_seed, position=position)
        pixels = yield from core.draw(concept, wording, sampling, seeds=seeds, start=begin)
        frame = round(position * (request.frames - 1))
        frame_pixels = crop_centre(pixels, request.width, request.height)[0]
        yield Drawn(seed=seeds[0], pixels=frame_pixels, batch=seeds, frame=frame)
