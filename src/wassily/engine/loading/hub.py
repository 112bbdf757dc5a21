"""Models of the Hugging Face hub: found in its cache first, else downloaded, needed files only.

Where the cache is, the token and the offline switch are huggingface_hub's own affair: it reads
HF_HOME, HF_HUB_CACHE, HF_TOKEN and HF_HUB_OFFLINE.
"""

import re
import shutil
from collections.abc import Callable, Mapping
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wassily.engine.loading.checkpoint import read_json
from wassily.engine.loading.layout import choose_files
from wassily.engine.loading.recognition import check_parts, holds_prior, recognise
from wassily.errors import MachineError, ModelBroken, ModelMissing, WassilyError

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
    return _download(repo, revision, announce=announce)


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
    """Tell whether a snapshot holds every file that its kind of model needs."""
    try:
        if holds_prior(read_json(snapshot / "model_index.json")):
            check_parts(snapshot, "kandinsky-2.2", prior=True)
        else:
            check_parts(snapshot, recognise(snapshot).family, prior=False)
    except ModelBroken:
        return False
    return True


def _download(repo: str, revision: str | None, *, announce: Announce) -> Path:
    from huggingface_hub import snapshot_download

    sizes = _list_remote(repo, revision)
    chosen = choose_files(sizes)
    if "model_index.json" not in chosen:
        raise ModelBroken(
            f"{repo} is of an unknown layout",
            why="it has no model_index.json",
            fix="use a Kandinsky 2.1, 2.2 or 3 model in the diffusers layout",
        )
    cached = find_cached(repo, revision)
    wanted = [name for name in chosen if cached is None or not (cached / name).is_file()]
    needed_bytes = sum(sizes[name] for name in wanted)
    _check_space(repo, needed_bytes)
    announce(f"Downloading {repo}: {needed_bytes / 1e9:.1f} GB in {len(wanted)} files")
    try:
        # The revision as asked, not the commit: the cache then also records what the name meant.
        folder = snapshot_download(repo, revision=revision, allow_patterns=[escape(name) for name in chosen])
    except _network_errors() as error:
        raise _explain(error, repo, revision) from error
    return Path(folder)


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
    from huggingface_hub.errors import HfHubHTTPError

    # Its first base is the HTTP library's own error, which a failed connection raises bare.
    return (OSError, HfHubHTTPError.__mro__[1])


def _explain(error: Exception, repo: str, revision: str | None) -> WassilyError:
    """Turn an error of the hub into one of ours."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    if isinstance(error, GatedRepoError):
        return ModelMissing(
            f"{repo} is not open to you",
            why="its owners ask for an agreement first",
            fix=f"accept it at https://huggingface.co/{repo}, then set HF_TOKEN",
        )
    if isinstance(error, RevisionNotFoundError):
        return ModelMissing(
            f"{repo} has no revision {revision}",
            why="the hub does not know it",
            fix=f"see https://huggingface.co/{repo}/commits/main, or leave the revision out",
        )
    if isinstance(error, RepositoryNotFoundError):
        return ModelMissing(
            f"there is no model {repo}",
            why="the hub does not know it, or it is private",
            fix="check the spelling; for a private one set HF_TOKEN",
        )
    return ModelMissing(
        f"{repo} is not on this machine",
        why=f"it is not complete in {cache_folder()}, and the hub cannot be reached ({_first_line(error)})",
        fix=(
            f"run `hf download {repo}` where there is a network, set HF_HOME to a cache that has it,"
            " or give the path of a folder with its files"
        ),
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
