"""The settings inside a picture file, whichever program made it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wassily.errors import PictureError, RequestError
from wassily.picture.foreign import (
    Values,
    read_a1111,
    read_comfyui,
    read_fooocus,
    read_invokeai,
    read_kubin,
    read_old_invokeai,
)
from wassily.picture.json import as_number, as_text, as_whole
from wassily.picture.recipe import Recipe
from wassily.picture.tags import Tags, read_tags
from wassily.request import Text2Image

_LONGEST_REST: Final = 2_000  # characters of a value nobody asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a file says about how it was made; None where it does not say.

    `origin`: the program. `guidance`, `sampler`, `model`: in that program's own terms.
    `width`, `height`: px. `rest`: everything else, as (name, value) pairs. `recipe`: wassily's only.
    """

    origin: str
    prompt: str = ""
    negative: str = ""
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    sampler: str | None = None
    model: str | None = None
    rest: tuple[tuple[str, str], ...] = ()
    recipe: Recipe | None = None


# Text key → program and reader. The first key found decides: what says most stands first.
_READERS: Final[Mapping[str, tuple[str, Callable[[Mapping[str, str]], Values]]]] = {
    "invokeai_metadata": ("InvokeAI", read_invokeai),
    "sd-metadata": ("InvokeAI", read_old_invokeai),
    "kubin_image_metadata": ("kubin", read_kubin),
    "fooocus_scheme": ("Fooocus", read_fooocus),
    "parameters": ("AUTOMATIC1111", read_a1111),
    "prompt": ("ComfyUI", read_comfyui),
    "workflow": ("ComfyUI", read_comfyui),
}

# Their names of samplers that are also ours.
_SAMPLERS: Final[Mapping[str, str]] = {
    "ddpm": "ddpm",
    "ddim": "ddim",
    "dpm++ 2m": "dpm++2m",
    "dpmpp_2m": "dpm++2m",
    "dpm++ 2m karras": "dpm++2m-karras",
    "dpmpp_2m_k": "dpm++2m-karras",
    "lcm": "lcm",
}


def read_recipe(path: str | Path) -> Recipe:
    """The recipe in a file of wassily's; raises PictureError when there is none."""
    texts = read_tags(path).texts
    if "wassily" not in texts:
        raise _nothing(path, "wassily's own recipe is not in it")
    return Recipe.from_json(texts["wassily"])


def read_settings(path: str | Path) -> Settings:
    """The settings in a PNG, JPEG or WebP file, of wassily or another program.

    Raises PictureError when there are none, or when they are damaged.
    """
    tags = read_tags(path)
    if "wassily" in tags.texts:
        return _settings_of(Recipe.from_json(tags.texts["wassily"]), tags)
    for key, (origin, read) in _READERS.items():
        if key in tags.texts:
            values = read(tags.texts)
            if any(values.values()):
                return _settle(origin, values, tags)
    raise _nothing(path, "no program's settings are in it")


def text2image_of(settings: Settings) -> tuple[Text2Image, tuple[str, ...]]:
    """A request after another program's settings as far as they go, and notes on what does not."""
    notes = [f"{settings.origin} made this picture with {settings.model or 'a model it does not name'}"]
    wanted: dict[str, Any] = {
        name: getattr(settings, name) for name in ("negative", "steps", "guidance", "seed", "width", "height")
    }
    if settings.sampler:
        wanted["sampler"] = _SAMPLERS.get(settings.sampler.lower())
        if wanted["sampler"] is None:
            notes.append(f"its sampler {settings.sampler!r} is not known here; the model's own is used")
    for name, value in list(wanted.items()):
        try:
            Text2Image(prompt="x", **{name: value})
        except RequestError as error:
            notes.append(f"left out: {error.what}, and {error.why}")
            del wanted[name]
    return Text2Image(prompt=settings.prompt, **wanted), tuple(notes)


def _settings_of(recipe: Recipe, tags: Tags) -> Settings:
    values = dict(recipe.request)
    plain = {
        name: value
        for name, value in values.items()
        if not isinstance(value, dict | list) and value is not None
    }
    known = {"model": recipe.model, "workflow": recipe.workflow, "family": recipe.family}
    size = {"width": tags.width, "height": tags.height}
    return _settle("wassily", {**plain, **known, **size}, tags, recipe=recipe)


def _settle(origin: str, values: Values, tags: Tags, *, recipe: Recipe | None = None) -> Settings:
    """The record out of values under our names; a file without a size in its texts has its pixels'."""
    values = dict(values)
    texts = {name: as_text(values.pop(name, None)) for name in ("prompt", "negative", "sampler", "model")}
    numbers = {name: as_whole(values.pop(name, None)) for name in ("steps", "seed", "width", "height")}
    rest = [(name, as_text(value)[:_LONGEST_REST]) for name, value in values.items() if name != "guidance"]
    return Settings(
        origin=origin,
        prompt=texts["prompt"],
        negative=texts["negative"],
        steps=numbers["steps"],
        guidance=as_number(values.get("guidance")),
        seed=numbers["seed"],
        width=numbers["width"] or tags.width,
        height=numbers["height"] or tags.height,
        sampler=texts["sampler"] or None,
        model=texts["model"] or None,
        rest=tuple((name, text) for name, text in rest if text),
        recipe=recipe,
    )


def _nothing(path: str | Path, why: str) -> PictureError:
    return PictureError(
        f"there are no settings in {path}",
        why=f"{why}; editing, screenshots and many web sites remove them",
        fix="use the file as it was first saved",
    )
