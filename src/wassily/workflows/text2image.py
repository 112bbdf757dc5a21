"""A picture from words."""

from wassily.engine.core import Core, Start
from wassily.request import Text2Image
from wassily.workflows.drawn import Workflow
from wassily.workflows.prompted import draw_prompt


def text2image(core: Core, request: Text2Image) -> Workflow:
    """Draw a settled request from pure noise."""
    assert request.width  # settled
    assert request.height
    yield from draw_prompt(core, request, size=(request.width, request.height), start=Start())
