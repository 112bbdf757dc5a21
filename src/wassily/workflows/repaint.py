"""Part of a picture painted anew: inpainting, and outpainting on a grown canvas."""

import numpy as np

from wassily.engine.core import Core, Start, canvas_px
from wassily.pixels import cover, pad_edges, within
from wassily.request import SMALLEST_PX, Inpaint, Outpaint
from wassily.workflows.drawn import Workflow
from wassily.workflows.prompted import draw_prompt


def repaint(core: Core, request: Inpaint | Outpaint) -> Workflow:
    """Draw the hole of a settled request's scene.

    Scenes larger than the model's own size are drawn smaller; finishing lays the result over the
    scene at full size. Inpainting at strength 1 starts from pure noise, as the networks with nine
    channels were trained to.
    """
    image, hole = request.scene
    width, height = within(*image.size, area=core.spec.width * core.spec.height, shortest=SMALLEST_PX)
    across, down = canvas_px(width), canvas_px(height)
    canvas = pad_edges(np.asarray(cover(image, width, height)), across, down)
    mask = pad_edges(np.asarray(cover(hole, width, height)), across, down, edge=False)
    strength = request.strength if isinstance(request, Inpaint) and request.strength < 1 else None
    start = Start(pixels=canvas[None], hole=mask[None], strength=strength)
    yield from draw_prompt(core, request, size=(width, height), start=start)
