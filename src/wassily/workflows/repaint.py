"""Part of a picture painted anew: inpainting, and outpainting on a grown canvas."""

import numpy as np

from wassily.engine.core import Core, Start
from wassily.pixels import cover, crop_centre, pad_edges, within
from wassily.request import SMALLEST_PX, Inpaint, Outpaint
from wassily.workflows.drawn import Workflow, drawn_batch
from wassily.workflows.settle import sampling_of, wording_of


def repaint(core: Core, request: Inpaint | Outpaint) -> Workflow:
    """Draw the hole of a settled request's scene.

    Scenes larger than the model's own size are drawn smaller; finishing lays the result over the
    scene at full size. Inpainting at strength 1 starts from pure noise, as the networks with nine
    channels were trained to.
    """
    image, hole = request.scene
    width, height = within(*image.size, area=core.spec.width * core.spec.height, shortest=SMALLEST_PX)
    sampling = sampling_of(request, width, height)
    canvas = pad_edges(np.asarray(cover(image, width, height)), sampling.width, sampling.height)
    mask = pad_edges(np.asarray(cover(hole, width, height)), sampling.width, sampling.height, edge=False)
    strength = request.strength if isinstance(request, Inpaint) and request.strength < 1 else None
    wording = wording_of(request)
    start = Start(pixels=canvas[None], hole=mask[None], strength=strength)
    for seeds in core.batches(request.seeds, sampling):
        concept = yield from core.embed(request.prompt, wording, seeds)
        pixels = yield from core.draw(concept, wording, sampling, seeds=seeds, start=start)
        yield from drawn_batch(crop_centre(pixels, width, height), seeds)
