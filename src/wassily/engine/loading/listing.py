"""The models that can be asked for by name: embedded, in the hub's cache, and published."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wassily.engine.loading.checkpoint import Family, abilities
from wassily.engine.loading.find import EMBEDDED, read_front_matter
from wassily.engine.loading.hub import cache_folder, find_cached, is_complete
from wassily.engine.loading.known import KNOWN, Known, find_known
from wassily.engine.loading.recognition import recognise
from wassily.errors import ModelBroken


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One line of the list. `size_bytes`: on disk, with the prior; 0 for a model that is not here.

    `can`: the workflows it was trained for. `place`: the repository, or the folder of an embedded model.
    """

    name: str
    status: Literal["embedded", "cached", "known"]
    size_bytes: int
    family: Family
    licence: str | None
    can: tuple[str, ...]
    place: str


def list_models() -> list[ModelEntry]:
    """List the embedded models, then the published ones, then others of the hub's cache."""
    embedded = [entry for folder in sorted(EMBEDDED.glob("*/")) if (entry := _describe_embedded(folder))]
    published = [_describe_known(known) for known in KNOWN]
    repos = (path.name.split("--", 1)[1].replace("--", "/", 1) for path in cache_folder().glob("models--*--*"))
    others = [entry for repo in sorted(repos) if not find_known(repo) and (entry := _describe_cached(repo))]
    return embedded + published + others


def _describe_embedded(folder: Path) -> ModelEntry | None:
    return _describe(folder, name=folder.name, place=str(folder), status="embedded")


def _describe_cached(repo: str) -> ModelEntry | None:
    folder = find_cached(repo, None)
    if folder is None or not is_complete(folder):
        return None
    return _describe(folder, name=repo, place=repo, status="cached")


def _describe(
    folder: Path, *, name: str, place: str, status: Literal["embedded", "cached"]
) -> ModelEntry | None:
    try:
        nature = recognise(folder)
    except ModelBroken:  # a prior, or a model of another kind: not one that can be asked for
        return None
    licence = read_front_matter(folder).get("license")
    return ModelEntry(
        name=name,
        status=status,
        size_bytes=_measure(folder),
        family=nature.family,
        licence=str(licence) if licence else None,
        can=abilities(nature.family, inpaint=nature.inpaint),
        place=place,
    )


def _describe_known(known: Known) -> ModelEntry:
    folders = [find_cached(repo, None) for repo in (known.repo, known.prior) if repo]
    cached = [folder for folder in folders if folder is not None and is_complete(folder)]
    complete = len(cached) == len(folders)
    return ModelEntry(
        name=known.name,
        status="cached" if complete else "known",
        size_bytes=sum(map(_measure, cached)) if complete else 0,
        family=known.family,
        licence=known.licence,
        can=abilities(known.family, inpaint=known.inpaint),
        place=known.repo,
    )


def _measure(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
