"""Drawing a prompt batch by batch: what the workflows with one prompt share."""

from wassily.engine.core import Core, Start
from wassily.pixels import crop_centre
from wassily.request import Drawing
from wassily.workflows.drawn import Workflow, drawn_batch
from wassily.workflows.settle import sampling_of, wording_of


def draw_prompt(core: Core, request: Drawing, *, size: tuple[int, int], start: Start) -> Workflow:
    """Draw a settled request's prompt from `start`, cropped to `size`: (width, height) in px."""
    sampling = sampling_of(request, *size)
    wording = wording_of(request)
    for seeds in core.batches(request.seeds, sampling):
        concept = yield from core.embed(request.prompt, wording, seeds)
        pixels = yield from core.draw(concept, wording, sampling, seeds=seeds, start=start)
        yield from drawn_batch(crop_centre(pixels, *size), seeds)
