"""A picture from words."""

from wassily.engine.core import Core, Start
from wassily.pixels import crop_centre
from wassily.request import Text2Image
from wassily.workflows.drawn import Workflow, drawn_batch
from wassily.workflows.settle import sampling_of, wording_of


def text2image(core: Core, request: Text2Image) -> Workflow:
    """Draw a settled request from pure noise; the canvas is cropped to the size asked."""
    assert request.width  # settled
    assert request.height
    sampling = sampling_of(request, request.width, request.height)
    wording = wording_of(request)
    for seeds in core.batches(request.seeds, sampling):
        concept = yield from core.embed(request.prompt, wording, seeds)
        pixels = yield from core.draw(concept, wording, sampling, seeds=seeds, start=Start())
        yield from drawn_batch(crop_centre(pixels, request.width, request.height), seeds)
