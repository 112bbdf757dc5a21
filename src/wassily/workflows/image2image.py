"""A picture changed after words."""

import numpy as np

from wassily.engine.core import Core, Start
from wassily.pixels import cover, crop_centre, pad_edges
from wassily.request import Image2Image
from wassily.workflows.drawn import Drawn, Workflow, drawn_batch
from wassily.workflows.settle import sampling_of, wording_of


def image2image(core: Core, request: Image2Image) -> Workflow:
    """Noise the picture by `strength` and denoise it; strength 0 gives it back as it is."""
    assert request.width  # settled
    assert request.height
    image = np.asarray(cover(request.pixels, request.width, request.height))
    if request.strength == 0:
        yield from (Drawn(seed=seed, pixels=image, batch=(seed,)) for seed in request.seeds)
        return
    sampling = sampling_of(request, request.width, request.height)
    wording = wording_of(request)
    canvas = pad_edges(image, sampling.width, sampling.height)[None]
    start = Start(pixels=canvas, strength=request.strength)
    for seeds in core.batches(request.seeds, sampling):
        concept = yield from core.embed(request.prompt, wording, seeds)
        pixels = yield from core.draw(concept, wording, sampling, seeds=seeds, start=start)
        yield from drawn_batch(crop_centre(pixels, request.width, request.height), seeds)
