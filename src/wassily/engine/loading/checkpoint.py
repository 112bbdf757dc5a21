"""A checkpoint: where a model's files are, which family it is of, and what tells it from others."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from wassily.errors import ModelBroken

Family: TypeAlias = Literal["kandinsky-2.1", "kandinsky-2.2", "kandinsky-3"]

# The settings file of each component; every other component has config.json.
SETTINGS: Mapping[str, str] = {
    "tokenizer": "tokenizer_config.json",
    "scheduler": "scheduler_config.json",
    "ddpm_scheduler": "scheduler_config.json",
    "image_processor": "preprocessor_config.json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A model found on this machine, complete as far as its file headers tell.

    `name`: what was asked for. `revision`: the hub's commit, None outside the hub's cache.
    `digest`: 12 hexadecimal digits over the weight files. `inpaint`: the UNet takes nine channels.
    `prior`: the second half of a 2.x model, itself a checkpoint with `holds_prior` set.
    """

    name: str
    family: Family
    folder: Path
    revision: str | None
    digest: str
    inpaint: bool
    licence: str | None
    prior: "Checkpoint | None"
    holds_prior: bool = False

    def config(self, component: str) -> Mapping[str, Any]:
        """Read the settings of a component: its config.json, or a scheduler's or tokenizer's own file.

        Raises ModelBroken.
        """
        return read_json(self.folder / component / SETTINGS.get(component, "config.json"))


def abilities(*, inpaint: bool) -> tuple[str, ...]:
    """List the workflows that a model can draw; one with a UNet of nine channels only repaints."""
    plain = ("text2image", "image2image", "mix", "interpolate")
    return (() if inpaint else plain) + ("inpaint", "outpaint")


def read_json(path: Path) -> Mapping[str, Any]:
    """Read a JSON object from a file of a model folder; raises ModelBroken."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelBroken(
            f"{path.parent} is not complete",
            why=f"there is no {path.name}",
            fix="download the model again, or name another folder",
        ) from None
    except (OSError, ValueError) as error:
        raise broken_json(path, str(error)) from error
    if not isinstance(content, dict):
        raise broken_json(path, f"it holds a {type(content).__name__} and not an object")
    return content


def broken_json(path: Path, why: str) -> ModelBroken:
    """Say that a JSON file of a model folder cannot be used."""
    return ModelBroken(f"{path} cannot be read", why=why, fix="download the file again")
