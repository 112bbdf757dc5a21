"""The commands that draw from several things, and `embed`, which keeps what they are drawn from."""

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from wassily.errors import RequestError
from wassily.settings import read_preferences
from wassily.surfaces.cli.drawing import draw, load_engine
from wassily.surfaces.cli.options import (
    LOOK,
    OUTPUT,
    Count,
    Imagining,
    Look,
    Quiet,
    Size,
    Where,
    Which,
    parse_size,
)
from wassily.surfaces.cli.report import open_errors, print_line
from wassily.surfaces.cli.sources import name_source, read_source

if TYPE_CHECKING:
    import numpy as np

    from wassily.make import Engine
    from wassily.request import Embedding
    from wassily.surfaces.cli.sources import Given

Sources = Annotated[
    list[str],
    Argument(
        metavar="SOURCE[:WEIGHT]",
        help="Texts, picture files and .safetensors embeddings, each maybe with a weight: 'a fox:0.7'.",
        show_default=False,
    ),
]
Start = Annotated[
    str, Argument(metavar="A", help="A text, a picture or an embedding to start from.", show_default=False)
]
End = Annotated[
    str, Argument(metavar="B", help="A text, a picture or an embedding to end with.", show_default=False)
]
Words = Annotated[
    str, Option("--prompt", metavar="TEXT", help="Words for the decoder, 2.1 only.", rich_help_panel=LOOK)
]
Frames = Annotated[int, Option(metavar="N", help="How many pictures, ends included.", rich_help_panel=LOOK)]
EndSeed = Annotated[
    int | None, Option(metavar="N", help="Let the noise turn into this seed's.", rich_help_panel=LOOK)
]
EmbeddingFile = Annotated[
    Path,
    Option(
        "--output",
        "-o",
        metavar="FILE",
        help="A new .safetensors file.",
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]


def mix(
    source: Sources,
    *,
    prompt: Words = "",
    size: Size = None,
    count: Count = 1,
    look: Look,
    which: Which,
    where: Where,
) -> None:
    """Draw one picture of several things; Kandinsky 3 mixes texts only."""
    from wassily.request import Mix

    width, height = parse_size(size)
    pairs = [read_source(each) for each in source]
    request = Mix(sources=pairs, prompt=prompt, width=width, height=height, count=count, **look.values)
    draw(request, which, where)


def interpolate(
    start: Start,
    end: End,
    *,
    frames: Frames = 8,
    end_seed: EndSeed = None,
    prompt: Words = "",
    size: Size = None,
    look: Look,
    which: Which,
    where: Where,
) -> None:
    """Draw a strip of pictures that leads from one thing to another."""
    from wassily.request import Interpolate

    width, height = parse_size(size)
    request = Interpolate(
        start=read_source(start)[0],
        end=read_source(end)[0],
        frames=frames,
        end_seed=end_seed,
        prompt=prompt,
        width=width,
        height=height,
        **look.values,
    )
    draw(request, which, where)


def embed(
    source: Sources, *, output: EmbeddingFile, look: Imagining, which: Which, quiet: Quiet = False
) -> None:
    """Save what the prior makes of texts and pictures, for `mix` and `interpolate` (2.x models)."""
    from wassily.picture import save_embedding
    from wassily.picture.files import taken

    console = open_errors(quiet=quiet)
    if output.exists():
        raise taken(output)
    pairs = [read_source(each) for each in source]
    engine = load_engine(which, read_preferences(), console)
    seed = secrets.randbelow(2**32) if look.seed is None else look.seed
    made = [(_embed(engine, each, look, seed=seed), weight) for each, weight in pairs]
    text = " + ".join(name_source(each) for each, _ in pairs)
    print_line(str(save_embedding(output, blend(made, text=text))))


def blend(parts: "Sequence[tuple[Embedding, float]]", *, text: str) -> "Embedding":
    """The weighted mean of embeddings of one model; raises RequestError when there is none."""
    from wassily.request import Embedding

    total = sum(weight for _, weight in parts)
    if total <= 0 or len({each.vector.shape for each, _ in parts}) != 1:
        raise RequestError(
            "these sources cannot be one embedding",
            why="the weights do not add up to more than 0, or the embeddings are of different models",
            fix="give positive weights, and embeddings made with one model",
        )
    vector = _mean([(each.vector, weight) for each, weight in parts])
    negatives = [(each.negative, weight) for each, weight in parts if each.negative is not None]
    negative = _mean(negatives) if sum(weight for _, weight in negatives) > 0 else None
    return Embedding(vector=vector, negative=negative, text=text)


def _mean(parts: "list[tuple[np.ndarray, float]]") -> "np.ndarray":
    import numpy as np

    vectors, weights = zip(*parts, strict=True)
    return np.average(np.stack(vectors), axis=0, weights=weights).astype(np.float32)


def _embed(engine: "Engine", source: "Given", look: Imagining, *, seed: int) -> "Embedding":
    from wassily.request import Embedding

    if isinstance(source, Embedding):
        return source
    return engine.embed(
        source, negative=look.negative, seed=seed, steps=look.prior_steps, guidance=look.prior_guidance
    )
