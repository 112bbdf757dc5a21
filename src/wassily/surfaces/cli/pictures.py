"""The commands that draw from words, or from one picture and words."""

from typing import Annotated

from typer import Option

from wassily.surfaces.cli.drawing import draw
from wassily.surfaces.cli.options import (
    LOOK,
    Count,
    ImageFile,
    Look,
    MaskFile,
    Prompt,
    Size,
    Where,
    Which,
    parse_aspect,
    parse_size,
)

Strength = Annotated[
    float, Option(metavar="X", help="How much may change: 0 nothing, 1 everything.", rich_help_panel=LOOK)
]
Side = Annotated[int, Option(metavar="PX", help="Pixels to add on this side.", rich_help_panel=LOOK)]
Feather = Annotated[int, Option(metavar="PX", help="Width of the soft edge in pixels.", rich_help_panel=LOOK)]
Aspect = Annotated[
    str | None, Option(metavar="W:H", help="Grow to this shape instead, 16:9 or 1.78.", rich_help_panel=LOOK)
]


def generate(
    prompt: Prompt, *, size: Size = None, count: Count = 1, look: Look, which: Which, where: Where
) -> None:
    """Draw a picture from words."""
    from wassily.request import Text2Image

    width, height = parse_size(size)
    draw(Text2Image(prompt=prompt, width=width, height=height, count=count, **look.values), which, where)


def transform(  # the three positional ones are the command's own arguments
    image: ImageFile,
    prompt: Prompt,
    *,
    strength: Strength = 0.75,
    size: Size = None,
    count: Count = 1,
    look: Look,
    which: Which,
    where: Where,
) -> None:
    """Change a picture after words."""
    from wassily.request import Image2Image

    width, height = parse_size(size)
    request = Image2Image(
        prompt=prompt,
        image=image,
        strength=strength,
        width=width,
        height=height,
        count=count,
        **look.values,
    )
    draw(request, which, where)


def inpaint(
    image: ImageFile,
    mask: MaskFile,
    prompt: Prompt,
    *,
    strength: Strength = 1.0,
    feather: Feather = 4,
    size: Size = None,
    count: Count = 1,
    look: Look,
    which: Which,
    where: Where,
) -> None:
    """Paint the white part of a mask anew; the rest stays as it is, pixel for pixel."""
    from wassily.request import Inpaint

    width, height = parse_size(size)
    request = Inpaint(
        prompt=prompt,
        image=image,
        mask=mask,
        strength=strength,
        feather=feather,
        width=width,
        height=height,
        count=count,
        **look.values,
    )
    draw(request, which, where)


def outpaint(
    image: ImageFile,
    prompt: Prompt,
    *,
    left: Side = 0,
    right: Side = 0,
    top: Side = 0,
    bottom: Side = 0,
    aspect: Aspect = None,
    feather: Feather = 16,
    count: Count = 1,
    look: Look,
    which: Which,
    where: Where,
) -> None:
    """Grow a picture beyond its edges, by pixels on each side or to a shape."""
    from wassily.request import Outpaint

    request = Outpaint(
        prompt=prompt,
        image=image,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        aspect=parse_aspect(aspect),
        feather=feather,
        count=count,
        **look.values,
    )
    draw(request, which, where)
