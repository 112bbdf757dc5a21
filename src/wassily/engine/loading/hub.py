"""Models of the Hugging Face hub: found in its cache first, else downloaded, needed files only.

Where the cache is, the token and the offline switch are huggingface_hub's own affair: it reads
HF_HOME, HF_HUB_CACHE, HF_TOKEN and HF_HUB_OFFLINE.
"""

import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wassily.engine.loading.checkpoint import read_json
from wassily.engine.loading.layout import choose_files
from wassily.engine.loading.recognition import check_parts, holds_prior, recognise
from wassily.errors import MachineError, ModelBroken, ModelMissing

if TYPE_CHECKING:
    from huggingface_hub.hf_api import ModelInfo

Announce = Callable[[str], None]

_REPO: Final = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def split_id(name: str) -> tuple[str, str | None] | None:
    """Split `org/name[@revision]`; None where the name is not of that form."""
    repo, _, revision = name.partition("@")
    well_formed = _REPO.fullmatch(repo) and ".." not in name and ("@" not in name or revision)
    return (repo, revision or None) if well_formed else None


def locate(repo: str, revision: str | None, *, announce: Announce) -> Path:
    """Return the snapshot folder of a repository, downloading what is missing.

    Raises ModelMissing, ModelBroken and MachineError.
    """
    cached = find_cached(repo, revision)
    if cached is not None and is_complete(cached):
        return cached
    sizes = _list_remote(repo, revision)
    chosen = choose_files(sizes)
    if "model_index.json" not in chosen:
        raise ModelBroken(
            f"{repo} is of an unknown layout",
            why="it has no model_index.json",
            fix="use a Kandinsky 2.1, 2.2 or 3 model in the diffusers layout",
        )
    # The few kilobytes of settings first: they tell whether the gigabytes are of any use.
    settings = [name for name in chosen if not name.endswith(".safetensors")]
    snapshot = _download(repo, revision, settings)
    if not holds_prior(read_json(snapshot / "model_index.json")):
        recognise(snapshot)
    wanted = [name for name in chosen if not (snapshot / name).is_file()]
    needed_bytes = sum(sizes[name] for name in wanted)
    _check_space(repo, needed_bytes)
    announce(f"Downloading {repo}: {needed_bytes / 1e9:.1f} GB in {len(wanted)} files")
    return _download(repo, revision, chosen)


def find_cached(repo: str, revision: str | None) -> Path | None:
    """Return the cached snapshot of a repository, complete or not, or None.

    Without a revision it is the one that refs/main names, else the only one there is.
    """
    home = cache_folder() / f"models--{repo.replace('/', '--')}"
    ref = home / "refs" / (revision or "main")
    commit = ref.read_text(encoding="utf-8").strip() if ref.is_file() else (revision or "")
    snapshots = home / "snapshots"
    if _COMMIT.fullmatch(commit) and (snapshots / commit).is_dir():
        return snapshots / commit
    everything = sorted(snapshots.iterdir()) if snapshots.is_dir() and revision is None else []
    return everything[0] if len(everything) == 1 else None


def cache_folder() -> Path:
    """Return the folder of the hub's cache."""
    from huggingface_hub import constants  # here because it reads the environment when imported

    return Path(constants.HF_HUB_CACHE)


def is_complete(snapshot: Path) -> bool:
    """Tell whether a snapshot holds every file that its kind of model needs.

    One of an unknown kind counts as complete once its kind can be told: nothing would mend it.
    """
    try:
        index = read_json(snapshot / "model_index.json")
        if holds_prior(index):
            check_parts(snapshot, "kandinsky-2.2", prior=True)
            return True
        if "unet" in index:
            read_json(snapshot / "unet" / "config.json")
    except ModelBroken:
        return False
    try:
        family = recognise(snapshot).family
    except ModelBroken:
        return True
    try:
        check_parts(snapshot, family, prior=False)
    except ModelBroken:
        return False
    return True


def _download(repo: str, revision: str | None, names: Iterable[str]) -> Path:
    from huggingface_hub import snapshot_download

    patterns = [escape(name) for name in names]
    try:
        # The revision as asked, not the commit: the cache then also records what the name meant.
        return Path(snapshot_download(repo, revision=revision, allow_patterns=patterns))
    except _network_errors() as error:
        raise _explain(error, repo, revision) from error


def _list_remote(repo: str, revision: str | None) -> Mapping[str, int]:
    """List a repository's files and their sizes in bytes."""
    from huggingface_hub import HfApi

    try:
        info: ModelInfo = HfApi().model_info(repo, revision=revision, files_metadata=True)
    except _network_errors() as error:
        raise _explain(error, repo, revision) from error
    return {file.rfilename: file.size or 0 for file in info.siblings or ()}


def _check_space(repo: str, needed_bytes: int) -> None:
    place = cache_folder()
    while not place.exists():
        place = place.parent
    free_bytes = shutil.disk_usage(place).free
    if needed_bytes > free_bytes:
        raise MachineError(
            f"there is no room for {repo}",
            why=f"it needs {needed_bytes / 1e9:.1f} GB and {place} has {free_bytes / 1e9:.1f} GB free",
            fix="make room, or set HF_HOME to a folder on a larger disk",
        )


def _network_errors() -> tuple[type[Exception], ...]:
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    # The first base of the hub's error is the HTTP library's own, which a failed connection raises.
    return (OSError, HFValidationError, HfHubHTTPError.__mro__[1])


def _explain(error: Exception, repo: str, revision: str | None) -> ModelMissing:
    """Turn an error of the hub into one of ours."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return ModelMissing(
            f"{repo} is not open to you",
            why="its owners ask for an agreement first",
            fix=f"accept it at https://huggingface.co/{repo}, then set HF_TOKEN",
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return ModelMissing(
            f"{repo} has no revision {revision}",
            why="the hub does not know it",
            fix=f"see https://huggingface.co/{repo}/commits/main, or leave the revision out",
        )
    if isinstance(error, (errors.RepositoryNotFoundError, errors.HFValidationError)):
        return ModelMissing(
            f"there is no model {repo}",
            why="the hub does not know it, or it is private",
            fix="check the spelling; for a private one set HF_TOKEN",
        )
    offline = isinstance(error, errors.OfflineModeIsEnabled)
    cause = "HF_HUB_OFFLINE forbids the network" if offline else f"the hub gives none: {_first_line(error)}"
    return ModelMissing(
        f"{repo} is not on this machine",
        why=f"{cache_folder()} does not hold all of it, and {cause}",
        fix=(
            f"run `hf download {repo}` where there is a network, set HF_HOME to a cache that has it,"
            " or give the path of a folder with its files"
        ),
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
