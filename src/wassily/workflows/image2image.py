"""A picture changed after words."""

import numpy as np

from wassily.engine.core import Core, Start, canvas_px
from wassily.pixels import cover, pad_edges
from wassily.request import Image2Image
from wassily.workflows.drawn import Drawn, Workflow
from wassily.workflows.prompted import draw_prompt


def image2image(core: Core, request: Image2Image) -> Workflow:
    """Noise the picture by `strength` and denoise it; strength 0 gives it back as it is."""
    assert request.width  # settled
    assert request.height
    image = np.asarray(cover(request.pixels, request.width, request.height))
    if request.strength == 0:
        yield from (Drawn(seed=seed, pixels=image, batch=(seed,)) for seed in request.seeds)
        return
    canvas = pad_edges(image, canvas_px(request.width), canvas_px(request.height))
    start = Start(pixels=canvas[None], strength=request.strength)
    yield from draw_prompt(core, request, size=(request.width, request.height), start=start)
