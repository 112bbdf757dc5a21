"""The commands that read what picture files say about themselves."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from typer import Argument, Option

from wassily.surfaces.cli.drawing import draw_files, print_saved
from wassily.surfaces.cli.options import LOOK, Json, Where, Which
from wassily.surfaces.cli.report import open_errors, open_results, print_json, print_note, print_pairs

if TYPE_CHECKING:
    import numpy as np

    from wassily.picture import Recipe, Settings
    from wassily.request import Request

File = Annotated[Path, Argument(metavar="FILE", help="A PNG, JPEG or WebP picture.", show_default=False)]
Inputs = Annotated[
    list[Path] | None,
    Option(
        "--input",
        "-i",
        metavar="IMAGE",
        help="An input picture that the file does not hold itself, as JPEG does not; once for each.",
        rich_help_panel=LOOK,
    ),
]

# In the order of reading; None is left out.
_SHOWN: Final = ("origin", "prompt", "negative", "model", "sampler", "steps", "guidance", "seed")


def show(file: File, *, as_json: Json = False) -> None:
    """Show the settings inside a picture file, of wassily or another program."""
    from wassily.picture import read_settings

    settings = read_settings(file)
    if as_json:
        print_json(values_of(settings))
        return
    print_pairs(open_results(), pairs_of(settings))


def rerun(file: File, *, given: Inputs = None, which: Which, where: Where) -> None:
    """Draw a picture again from its file, and say whether the pixels came out the same."""
    from wassily.picture import read_settings, request_of, text2image_of

    settings = read_settings(file)
    console = open_errors(quiet=where.quiet)
    if settings.recipe is None:
        request, notes = text2image_of(settings)
        for note in notes:
            print_note(console, note)
        for saved in draw_files(request, which, where):
            print_saved(saved, where)
        return
    recipe = settings.recipe
    alone = request_of(recipe, inputs=given or ())
    again = in_company(alone, recipe)
    for saved in draw_files(again, same_model(recipe, which), where, only=alone.first_seed):
        verdict, identical = compare(saved.picture.pixels, file)
        for note in differences(recipe, saved.picture.recipe):
            print_note(console, note)
        console.print(verdict, soft_wrap=True)
        print_saved(saved, where, identical=identical)


def in_company(request: "Request", recipe: "Recipe") -> "Request":
    """The request for the whole batch a picture was drawn in: alone it may differ by rounding."""
    first, count = min(recipe.batch, default=0), len(recipe.batch)
    in_a_row = recipe.batch == tuple(range(first, first + count))
    if count < 2 or not in_a_row or request.first_seed not in recipe.batch:
        return request
    return replace(request, seed=first, count=count)


def values_of(settings: "Settings") -> dict[str, object]:
    """Settings as JSON values; input pictures are named by their digests."""
    from wassily.picture.packing import drop_images

    names = (*_SHOWN, "width", "height")
    recipe = settings.recipe and drop_images(json.loads(settings.recipe.to_json()))
    plain = {name: getattr(settings, name) for name in names}
    return {**plain, "rest": dict(settings.rest), "recipe": recipe}


def pairs_of(settings: "Settings") -> "list[tuple[str, str]]":
    """Settings as lines to read."""
    told = [("made by" if name == "origin" else name, getattr(settings, name)) for name in _SHOWN]
    pairs = [(name, str(value)) for name, value in told if value not in (None, "")]
    pairs.append(("size", f"{settings.width}x{settings.height}"))
    pairs += [(name.replace("_", " "), value) for name, value in settings.rest if name != "count"]
    if recipe := settings.recipe:
        pairs += [(name, getattr(recipe, name) or "") for name in ("digest", "revision", "prior")]
        pairs.append(("versions", ", ".join(f"{name} {number}" for name, number in recipe.versions.items())))
        pairs.append(("drawn on", f"{recipe.device} in {recipe.dtype}, {recipe.seconds:.1f} s"))
        pairs += [("note", note) for note in recipe.notes]
    return [(name, value) for name, value in pairs if value]


def same_model(recipe: "Recipe", which: Which) -> Which:
    """The recipe's model, and its dtype, unless others are asked for."""
    dtype: Any = recipe.dtype if which.device is None else None
    return Which(
        model=which.model or recipe.model,
        prior=which.prior or (None if which.model else recipe.prior),
        device=which.device,
        dtype=which.dtype or dtype,
    )


def compare(pixels: "np.ndarray", file: Path) -> tuple[str, bool]:
    """How pixels, uint8 H x W x 3, compare with a file's, in a sentence; and whether they are the same."""
    import numpy as np

    from wassily.pixels import open_rgb

    before = np.asarray(open_rgb(file))
    if before.shape != pixels.shape:
        return f"The size is not that of {file}.", False
    apart = np.abs(before.astype(np.int16) - pixels)
    if not apart.any():
        return f"The pixels are identical to those of {file}.", True
    share = float((apart.max(axis=2) > 0).mean())
    lossy = " It was saved with losses, so they cannot be." if file.suffix.lower() != ".png" else ""
    return (
        f"The pixels are not identical to those of {file}: {share:.1%} differ,"
        f" by {apart.mean():.2g} of 255 on average and {apart.max()} at most.{lossy}",
        False,
    )


def differences(before: "Recipe", now: "Recipe") -> "list[str]":
    """What was not the same when a picture was drawn again."""
    names = [*before.versions, "device", "dtype", "digest"]
    old = {**before.versions, "device": before.device, "dtype": before.dtype, "digest": before.digest}
    new = {**now.versions, "device": now.device, "dtype": now.dtype, "digest": now.digest}
    return [f"{name} was {old[name]} and is {new.get(name)}" for name in names if old[name] != new.get(name)]
