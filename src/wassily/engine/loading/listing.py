"""The models that can be asked for by name: embedded, in the hub's cache, and published."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wassily.engine.loading.checkpoint import Family, abilities
from wassily.engine.loading.front_matter import read_front_matter
from wassily.engine.loading.hub import cache_folder, find_cached, is_complete
from wassily.engine.loading.known import KNOWN, Known, find_known
from wassily.engine.loading.recognition import check_parts, recognise
from wassily.engine.loading.search import EMBEDDED
from wassily.errors import ModelBroken


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One line of the list.

    `status`: "known" can be fetched, "to convert" cannot as it is. `size_bytes`: on disk, with the
    prior; 0 for a model that is not here. `can`: its workflows. `place`: the repository, or the
    folder of an embedded model.
    """

    name: str
    status: Literal["embedded", "cached", "known", "to convert"]
    size_bytes: int
    family: Family
    licence: str | None
    can: tuple[str, ...]
    place: str


def list_models() -> list[ModelEntry]:
    """List the embedded models, then the published ones, then others of the hub's cache."""
    folders = sorted(path for path in EMBEDDED.glob("*") if path.is_dir())
    embedded = [_describe(path, name=path.name, place=str(path), status="embedded") for path in folders]
    published = [_describe_known(known) for known in KNOWN]
    cached = [_describe_cached(repo) for repo in _list_cached() if not find_known(repo)]
    return [entry for entry in (*embedded, *published, *cached) if entry]


def _list_cached() -> list[str]:
    names = (path.name.split("--") for path in cache_folder().glob("models--*--*"))
    return sorted(f"{organisation}/{'--'.join(name)}" for _, organisation, *name in names)


def _describe_cached(repo: str) -> ModelEntry | None:
    folder = find_cached(repo, None)
    return _describe(folder, name=repo, place=repo, status="cached") if folder else None


def _describe(
    folder: Path, *, name: str, place: str, status: Literal["embedded", "cached"]
) -> ModelEntry | None:
    """Describe a whole model; None for a prior, an incomplete one and one of another family."""
    try:
        nature = recognise(folder)
        check_parts(folder, nature.family, prior=False)
    except ModelBroken:
        return None
    return ModelEntry(
        name=name,
        status=status,
        size_bytes=_measure(folder),
        family=nature.family,
        licence=next(iter(read_front_matter(folder).get("license", ())), None),
        can=abilities(inpaint=nature.inpaint),
        place=place,
    )


def _describe_known(known: Known) -> ModelEntry:
    folders = [find_cached(repo, None) for repo in (known.repo, known.prior) if repo]
    cached = [folder for folder in folders if folder is not None and is_complete(folder)]
    complete = len(cached) == len(folders)
    return ModelEntry(
        name=known.name,
        status="cached" if complete else ("to convert" if known.obstacle else "known"),
        size_bytes=sum(map(_measure, cached)) if complete else 0,
        family=known.family,
        licence=known.licence,
        can=abilities(inpaint=known.inpaint),
        place=known.repo,
    )


def _measure(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
