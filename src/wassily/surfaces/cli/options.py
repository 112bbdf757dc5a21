"""Every option, defined once; commands take whole groups of them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypedDict, get_type_hints

from typer import Argument, Option

from wassily.errors import RequestError

LOOK: Final = "The picture"
MODEL: Final = "The model and the machine"
OUTPUT: Final = "Output"

Prompt = Annotated[str, Argument(metavar="PROMPT", help="What the picture should show.", show_default=False)]
ImageFile = Annotated[
    Path, Argument(metavar="IMAGE", help="A picture file of any size and mode.", show_default=False)
]
MaskFile = Annotated[
    Path, Argument(metavar="MASK", help="A picture whose white part is painted anew.", show_default=False)
]
Size = Annotated[
    str | None,
    Option(metavar="WxH", help="Size in pixels, such as 512x768.", rich_help_panel=LOOK),
]
Count = Annotated[
    int,
    Option(
        "--count",
        "-n",
        metavar="N",
        help="How many pictures, seeds one apart.",
        rich_help_panel=LOOK,
    ),
]
Negative = Annotated[
    str, Option(metavar="TEXT", help="What the picture should not show.", rich_help_panel=LOOK)
]
Steps = Annotated[int | None, Option(metavar="N", help="Denoising steps.", rich_help_panel=LOOK)]
Guidance = Annotated[
    float | None,
    Option(metavar="X", help="How closely to follow the prompt.", rich_help_panel=LOOK),
]
Seed = Annotated[
    int | None,
    Option(metavar="N", help="The same seed gives the same picture.", rich_help_panel=LOOK),
]
Sampler = Annotated[
    str | None,
    Option(
        metavar="NAME", help="ddpm, ddim, dpm++2m, dpm++2m-karras, lcm or original.", rich_help_panel=LOOK
    ),
]
PriorSteps = Annotated[
    int | None, Option(metavar="N", help="Steps of the prior (2.x models).", rich_help_panel=LOOK)
]
PriorGuidance = Annotated[
    float | None, Option(metavar="X", help="Guidance of the prior (2.x models).", rich_help_panel=LOOK)
]
Json = Annotated[bool, Option("--json", metavar="", help="JSON on standard output.", rich_help_panel=OUTPUT)]
Quiet = Annotated[
    bool,
    Option("--quiet", "-q", metavar="", help="Only errors on standard error.", rich_help_panel=OUTPUT),
]


class LookValues(TypedDict):
    """The fields of a request that `Look` holds."""

    negative: str
    steps: int | None
    guidance: float | None
    seed: int | None
    sampler: str | None
    prior_steps: int | None
    prior_guidance: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a picture is drawn; None is the model's own default."""

    negative: Negative = ""
    steps: Steps = None
    guidance: Guidance = None
    seed: Seed = None
    sampler: Sampler = None
    prior_steps: PriorSteps = None
    prior_guidance: PriorGuidance = None

    @property
    def values(self) -> LookValues:
        """The same, for a request."""
        return LookValues(
            negative=self.negative,
            steps=self.steps,
            guidance=self.guidance,
            seed=self.seed,
            sampler=self.sampler,
            prior_steps=self.prior_steps,
            prior_guidance=self.prior_guidance,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagining:
    """How an embedding is made."""

    negative: Negative = ""
    seed: Seed = None
    prior_steps: PriorSteps = None
    prior_guidance: PriorGuidance = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The model and where it runs; None is the setting."""

    model: Annotated[
        str | None,
        Option(
            "--model",
            "-m",
            metavar="NAME",
            help="A name from `wassily models`, a hub id or a folder; mini-3 without.",
            rich_help_panel=MODEL,
        ),
    ] = None
    prior: Annotated[
        str | None,
        Option(
            metavar="NAME",
            help="Another prior for a 2.x model.",
            rich_help_panel=MODEL,
        ),
    ] = None
    device: Annotated[
        str | None, Option(metavar="NAME", help="auto, cpu, cuda, cuda:1 or mps.", rich_help_panel=MODEL)
    ] = None
    dtype: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"] | None,
        Option(metavar="NAME", help="auto, float32, bfloat16 or float16.", rich_help_panel=MODEL),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where the pictures go, and what is said about it."""

    output: Annotated[
        Path | None,
        Option(
            "--output", "-o", metavar="FILE", help="A new file for a single picture.", rich_help_panel=OUTPUT
        ),
    ] = None
    output_dir: Annotated[
        Path | None,
        Option(
            "--output-dir",
            "-d",
            metavar="FOLDER",
            help="Where files named after the prompt go; outputs without.",
            rich_help_panel=OUTPUT,
        ),
    ] = None
    form: Annotated[
        Literal["png", "jpeg", "webp"] | None,
        Option("--format", metavar="NAME", help="png, jpeg or webp; png without.", rich_help_panel=OUTPUT),
    ] = None
    json: Json = False
    quiet: Quiet = False


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """The same command with each parameter that is a record replaced by the record's fields."""
    parameters = inspect.signature(command).parameters
    annotations: dict[str, type] = {name: each.annotation for name, each in parameters.items()}
    records = {name: each for name, each in annotations.items() if is_dataclass(each)}

    @wraps(command)
    def run(**given: Any) -> None:
        made = {
            name: record(**{field.name: given.pop(field.name) for field in fields(record)})
            for name, record in records.items()
        }
        command(**given, **made)

    options = [each for name, each in parameters.items() if name not in records]
    options += [each for record in records.values() for each in _options_of(record)]
    options = [each.replace(kind=each.KEYWORD_ONLY) for each in options]
    run.__annotations__ = {each.name: each.annotation for each in options}
    run.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined]  # what typer reads first
    return run


def _options_of(record: type) -> list[inspect.Parameter]:
    """One parameter for each field of a record."""
    hints = get_type_hints(record, include_extras=True)
    kind = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(field.name, kind, default=field.default, annotation=hints[field.name])
        for field in fields(record)
    ]


def parse_size(text: str | None) -> tuple[int | None, int | None]:
    """Width and height out of "512x768"; None for both without a text. Raises RequestError."""
    if text is None:
        return None, None
    width, cross, height = text.lower().replace("×", "x").partition("x")
    if not (cross and width.strip().isdecimal() and height.strip().isdecimal()):
        raise RequestError(
            f"the size is {text!r}",
            why="it must be width and height in pixels",
            fix="write it as 512x768",
        )
    return int(width), int(height)


def parse_aspect(text: str | None) -> float | None:
    """Width over height out of "16:9" or "1.78". Raises RequestError."""
    if text is None:
        return None
    across, _, down = text.partition(":")
    try:
        return float(across) / float(down or 1)
    except (ValueError, ZeroDivisionError) as error:
        raise RequestError(
            f"the aspect is {text!r}", why="it must be width over height", fix="write it as 16:9 or 1.78"
        ) from error
