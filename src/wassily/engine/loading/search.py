"""From a name or path to a checkpoint: embedded, in a folder, in the hub's cache, or downloaded."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wassily.engine.loading.checkpoint import Checkpoint, Family
from wassily.engine.loading.front_matter import read_front_matter
from wassily.engine.loading.headers import digest_files
from wassily.engine.loading.hub import Announce, locate, split_id
from wassily.engine.loading.known import KNOWN, PUBLISHED_PRIORS, find_known
from wassily.engine.loading.recognition import Nature, check_parts, prior_dim, recognise
from wassily.errors import ModelBroken, ModelMissing

EMBEDDED: Final = Path(__file__).parents[2] / "models"

_log: Final[Announce] = logging.getLogger(__name__).info


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a model's files are. `name`: as asked for; `revision`: the hub's commit, if it is there."""

    name: str
    folder: Path
    revision: str | None = None


def find(
    name_or_path: str | Path, *, prior: str | Path | None = None, announce: Announce = _log
) -> Checkpoint:
    """Find a model by short name, hub id (`org/name[@revision]`) or folder; download it if need be.

    A folder with a model_index.json goes before a name; `./x`, `../x`, `~/x` and absolute paths are
    folders only. `prior` is the other half of a 2.x model, found in the same way; when None, it is
    looked for beside the folder, then taken from the README, then the published one. `announce`
    hears of each download before it starts.
    Raises ModelMissing, ModelBroken and MachineError.
    """
    place = _find_place(name_or_path, announce=announce)
    nature = recognise(place.folder)
    other = None
    if nature.image_dim is not None:
        other = _find_prior(prior or _choose_prior(place, nature), place, nature, announce=announce)
    elif prior is not None:
        raise ModelBroken(f"{prior} is of no use to {place.name}", why="it has no prior", fix="leave it out")
    return _describe(place, nature.family, inpaint=nature.inpaint, prior=other)


def _find_place(name_or_path: str | Path, *, announce: Announce) -> Place:
    name = str(name_or_path)
    path = Path(name).expanduser()
    if isinstance(name_or_path, Path) or name.startswith((".", "~")) or path.is_absolute():
        _check_folder(path)
        return Place(name=name, folder=path)
    for folder in (path, EMBEDDED / name):
        if (folder / "model_index.json").is_file():
            return Place(name=name, folder=folder)
    base, _, revision = name.partition("@")
    known = find_known(base)
    if known is not None and known.obstacle and known.way_round:
        raise ModelMissing(f"{name} cannot be fetched", why=known.obstacle, fix=known.way_round)
    hub_id = (known.repo, revision or None) if known else split_id(name)
    if hub_id is None:
        raise _unknown_name(name, path)
    folder = locate(*hub_id, announce=announce)
    return Place(name=name, folder=folder, revision=folder.name)


def _check_folder(path: Path) -> None:
    if not path.is_dir():
        raise ModelMissing(f"there is no folder {path}", why="nothing is at that path", fix="check the path")
    if not (path / "model_index.json").is_file():
        raise ModelBroken(
            f"{path} is not a model folder",
            why="it has no model_index.json",
            fix="give the folder that holds unet, movq and the others, in the diffusers layout",
        )


def _unknown_name(name: str, path: Path) -> ModelMissing:
    if name.startswith("mini"):
        return ModelMissing(
            f"the embedded model {name} is not here",
            why=f"{EMBEDDED} holds no such folder",
            fix="install the published package, or make the model with recipes/mini",
        )
    names = sorted(folder.name for folder in EMBEDDED.glob("*/")) + [known.name for known in KNOWN]
    why = "the folder has no model_index.json" if path.is_dir() else "it is neither a known name nor a folder"
    return ModelMissing(
        f"there is no model {name!r}",
        why=why,
        fix=f"use one of {', '.join(names)}, a hub id such as org/name, or a folder",
    )


def _choose_prior(place: Place, nature: Nature) -> str | Path:
    """Choose a prior that nobody named: beside a local folder, by the README, or the published one.

    Of several beside the folder, the one with the name that the README says, else the first.
    """
    named = next(iter(read_front_matter(place.folder).get("prior", ())), PUBLISHED_PRIORS[nature.family])
    if place.revision is not None:
        return named
    beside = sorted(path for path in place.folder.absolute().parent.iterdir() if path.is_dir())
    fitting = [path for path in beside if prior_dim(path) == nature.image_dim]
    alike = [path for path in fitting if path.name == named.rpartition("/")[2]]
    return next(iter(alike or fitting), named)


def _find_prior(name: str | Path, decoder: Place, nature: Nature, *, announce: Announce) -> Checkpoint:
    place = _find_place(name, announce=announce)
    dim = prior_dim(place.folder)
    if dim != nature.image_dim:
        found = "it is not a prior" if dim is None else f"its embeddings have {dim} numbers"
        raise ModelBroken(
            f"{place.name} is not the prior of {decoder.name}",
            why=f"{found}, and the UNet takes {nature.image_dim}",
            fix=f"use {PUBLISHED_PRIORS[nature.family]}",
        )
    return _describe(place, nature.family, holds_prior=True)


def _describe(
    place: Place,
    family: Family,
    *,
    inpaint: bool = False,
    prior: Checkpoint | None = None,
    holds_prior: bool = False,
) -> Checkpoint:
    files = check_parts(place.folder, family, prior=holds_prior)
    known = find_known(place.name.partition("@")[0])
    stated = read_front_matter(place.folder).get("license", ())
    return Checkpoint(
        name=place.name,
        family=family,
        folder=place.folder,
        revision=place.revision,
        digest=digest_files(place.folder, files),
        inpaint=inpaint,
        licence=next(iter(stated), known.licence if known else None),
        prior=prior,
        holds_prior=holds_prior,
    )
