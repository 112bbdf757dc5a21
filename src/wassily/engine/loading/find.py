"""From a name or path to a checkpoint: embedded, in a folder, in the hub's cache, or downloaded."""

import logging
from pathlib import Path
from typing import Any, Final

import yaml

from wassily.engine.loading.checkpoint import Checkpoint, Family
from wassily.engine.loading.headers import digest_files
from wassily.engine.loading.hub import Announce, find_cached, locate, split_id
from wassily.engine.loading.known import KNOWN, PUBLISHED_PRIORS, find_known
from wassily.engine.loading.recognition import Nature, check_parts, prior_dim, recognise
from wassily.errors import ModelBroken, ModelMissing

EMBEDDED: Final = Path(__file__).parents[2] / "models"

_announce: Final[Announce] = logging.getLogger(__name__).info


def find(
    name_or_path: str | Path, *, prior: str | Path | None = None, announce: Announce = _announce
) -> Checkpoint:
    """Find a model by short name, hub id (`org/name[@revision]`) or folder; download it if need be.

    A folder with a model_index.json goes before a name; `./x`, `../x`, `~/x` and absolute paths are
    folders only. `prior` is the other half of a 2.x model, found in the same way; without it, it is
    looked for beside the folder, then taken from the README, then the published one.
    Raises ModelMissing, ModelBroken and MachineError.
    """
    folder, revision = _find_folder(name_or_path, announce=announce)
    nature = recognise(folder)
    files = check_parts(folder, nature.family, prior=False)
    known = find_known(str(name_or_path).partition("@")[0])
    licence = read_front_matter(folder).get("licence", read_front_matter(folder).get("license"))
    return Checkpoint(
        name=str(name_or_path),
        family=nature.family,
        folder=folder,
        revision=revision,
        digest=digest_files(folder, files),
        inpaint=nature.inpaint,
        licence=str(licence) if licence else (known.licence if known else None),
        prior=_find_prior(folder, nature, asked=prior, announce=announce),
    )


def _find_folder(name_or_path: str | Path, *, announce: Announce) -> tuple[Path, str | None]:
    """Return the model's folder and, from the hub's cache, its commit."""
    name = str(name_or_path)
    path = Path(name).expanduser()
    if isinstance(name_or_path, Path) or name.startswith((".", "~")) or path.is_absolute():
        return _check_folder(path), None
    if (path / "model_index.json").is_file():
        return path, None
    if (EMBEDDED / name / "model_index.json").is_file() and path.name == name:
        return EMBEDDED / name, None
    known = find_known(name)
    if known is not None and known.obstacle and known.way_round:
        raise ModelMissing(f"{name} cannot be fetched", why=known.obstacle, fix=known.way_round)
    hub_id = (known.repo, None) if known else split_id(name)
    if hub_id is None:
        raise _unknown_name(name, path)
    folder = locate(*hub_id, announce=announce)
    return folder, folder.name


def _check_folder(path: Path) -> Path:
    if not path.is_dir():
        raise ModelMissing(f"there is no folder {path}", why="nothing is at that path", fix="check the path")
    if not (path / "model_index.json").is_file():
        raise ModelBroken(
            f"{path} is not a model folder",
            why="it has no model_index.json",
            fix="give the folder that holds unet, movq and the others, in the diffusers layout",
        )
    return path


def _unknown_name(name: str, path: Path) -> ModelMissing:
    if name.startswith("mini"):
        return ModelMissing(
            f"the embedded model {name} is not here",
            why=f"{EMBEDDED} holds no such folder",
            fix="install the published package, or make the model with recipes/mini",
        )
    names = sorted(p.name for p in EMBEDDED.glob("*/")) + [known.name for known in KNOWN]
    why = "the folder has no model_index.json" if path.is_dir() else "it is neither a known name nor a folder"
    return ModelMissing(
        f"there is no model {name!r}",
        why=why,
        fix=f"use one of {', '.join(names)}, a hub id such as org/name, or a folder",
    )


def _find_prior(
    folder: Path, nature: Nature, *, asked: str | Path | None, announce: Announce
) -> Checkpoint | None:
    if nature.image_dim is None:
        if asked is not None:
            raise ModelBroken(f"{asked} is of no use", why="Kandinsky 3 has no prior", fix="leave it out")
        return None
    name = asked if asked is not None else _choose_prior(folder, nature)
    place, revision = _find_folder(name, announce=announce)
    dim = prior_dim(place)
    if dim != nature.image_dim:
        found = "it is not a prior" if dim is None else f"its embeddings have {dim} numbers"
        raise ModelBroken(
            f"{name} does not fit as the prior of {folder}",
            why=f"{found}, and the UNet takes {nature.image_dim}",
            fix=f"use {PUBLISHED_PRIORS[nature.family]}",
        )
    return _describe_prior(str(name), place, revision, nature.family)


def _describe_prior(name: str, folder: Path, revision: str | None, family: Family) -> Checkpoint:
    files = check_parts(folder, family, prior=True)
    licence = read_front_matter(folder).get("license")
    return Checkpoint(
        name=name,
        family=family,
        folder=folder,
        revision=revision,
        digest=digest_files(folder, files),
        inpaint=False,
        licence=str(licence) if licence else None,
        prior=None,
        holds_prior=True,
    )


def _choose_prior(folder: Path, nature: Nature) -> str | Path:
    """Choose a prior that nobody named: beside a local folder, by the README, or the published one."""
    stated = read_front_matter(folder).get("prior")
    named = stated[0] if isinstance(stated, list) and stated else stated
    beside = [] if folder.parent.name == "snapshots" else sorted(p for p in folder.parent.iterdir() if p != folder)
    fitting = [path for path in beside if path.is_dir() and prior_dim(path) == nature.image_dim]
    if isinstance(named, str):
        alike = [path for path in fitting if path.name == named.rpartition("/")[2]]
        if alike:
            return alike[0]
        if find_cached(named, None) or not fitting:
            return named
    return fitting[0] if fitting else PUBLISHED_PRIORS[nature.family]


def read_front_matter(folder: Path) -> dict[str, Any]:
    """Read the YAML between the two `---` lines that open a README.md; empty where there is none."""
    try:
        lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
        end = lines.index("---", 1) if lines and lines[0] == "---" else 0
        content = yaml.safe_load("\n".join(lines[1:end]))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}
