"""The hub's cache is looked at first; then only needed files are asked for, after a look at the disk."""

import shutil
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors

from tests.checkpoints import build
from wassily.engine.loading import find
from wassily.errors import MachineError, ModelBroken, ModelMissing

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40
REPO = "kandinsky-community/kandinsky-3"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def put_in_cache(cache: Path, repo: str, folder: Path, *, commit: str = COMMIT, ref: str = "main") -> Path:
    """Lay a folder's files out as the hub's cache does: blobs, and a snapshot of links to them."""
    home = cache / f"models--{repo.replace('/', '--')}"
    (home / "refs").mkdir(parents=True, exist_ok=True)
    (home / "refs" / ref).write_text(commit)
    (home / "blobs").mkdir(exist_ok=True)
    for number, file in enumerate(path for path in folder.rglob("*") if path.is_file()):
        blob = home / "blobs" / f"{commit}{number}"
        shutil.copyfile(file, blob)
        link = home / "snapshots" / commit / file.relative_to(folder)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    return home / "snapshots" / commit


def test_a_cached_model(cache: Path, tiny3: Path) -> None:
    snapshot = put_in_cache(cache, REPO, tiny3)
    checkpoint = find("kandinsky-3")
    assert (checkpoint.name, checkpoint.folder, checkpoint.revision) == ("kandinsky-3", snapshot, COMMIT)
    assert checkpoint.digest == find(tiny3).digest
    assert find(REPO).folder == snapshot


def test_a_cached_model_and_the_prior_of_its_readme(cache: Path, tiny22: Path) -> None:
    put_in_cache(cache, "kandinsky-community/kandinsky-2-2-decoder", tiny22)
    prior = tiny22.parent / "kandinsky22-prior"
    snapshot = put_in_cache(cache, "kandinsky-community/kandinsky-2-2-prior", prior)
    found = find("kandinsky-2.2").prior
    assert found is not None
    assert (found.folder, found.revision) == (snapshot, COMMIT)


def test_revisions(cache: Path, tiny3: Path, tiny3_inpaint: Path) -> None:
    put_in_cache(cache, "me/model", tiny3)
    put_in_cache(cache, "me/model", tiny3_inpaint, commit=OTHER, ref="better")
    assert find("me/model").revision == COMMIT
    assert find("me/model@better").revision == OTHER
    assert find(f"me/model@{OTHER}").inpaint
    with pytest.raises(ModelMissing, match="HF_HUB_OFFLINE forbids the network"):
        find("me/model@worse")


def test_the_only_snapshot_counts_without_refs(cache: Path, tiny3: Path) -> None:
    snapshot = put_in_cache(cache, REPO, tiny3)
    (snapshot.parents[1] / "refs" / "main").unlink()
    assert find("kandinsky-3").revision == COMMIT


@pytest.mark.parametrize("lost", ["unet/config.json", "text_encoder/model-00002-of-00002.safetensors"])
def test_an_incomplete_snapshot_offline(cache: Path, tiny3: Path, lost: str) -> None:
    snapshot = put_in_cache(cache, REPO, tiny3)
    (snapshot / lost).unlink()
    with pytest.raises(ModelMissing, match="does not hold all of it") as caught:
        find("kandinsky-3")
    assert "hf download kandinsky-community/kandinsky-3" in caught.value.fix
    assert "HF_HOME" in caught.value.fix


def test_a_link_to_a_lost_blob_counts_as_missing(cache: Path, tiny3: Path) -> None:
    snapshot = put_in_cache(cache, REPO, tiny3)
    (snapshot / "unet" / "config.json").resolve().unlink()
    with pytest.raises(ModelMissing):
        find("kandinsky-3")


def test_a_cached_model_of_another_family(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "flux").mkdir()
    (tmp_path / "flux" / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
    put_in_cache(cache, "them/flux", tmp_path / "flux")
    with pytest.raises(ModelBroken, match="unknown family"):
        find("them/flux")


class FakeHub:
    """Stands for the hub: repositories are folders, and what is downloaded is written down."""

    def __init__(self, cache: Path, repos: dict[str, Path]) -> None:
        self.cache = cache
        self.repos = repos
        self.downloaded: set[str] = set()
        self.error: Exception | None = None

    def model_info(self, repo: str, *, revision: str | None, files_metadata: bool) -> SimpleNamespace:
        assert files_metadata
        if self.error:
            raise self.error
        files = [path for path in self.repos[repo].rglob("*") if path.is_file()]
        names = [path.relative_to(self.repos[repo]).as_posix() for path in files]
        siblings = [
            SimpleNamespace(rfilename=name, size=path.stat().st_size)
            for name, path in zip(names, files, strict=True)
        ]
        return SimpleNamespace(siblings=siblings)

    def snapshot_download(self, repo: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        folder = self.repos[repo]
        home = self.cache / f"models--{repo.replace('/', '--')}"
        (home / "refs").mkdir(parents=True, exist_ok=True)
        (home / "refs" / (revision or "main")).write_text(COMMIT)
        for path in (path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            if any(fnmatch(name, pattern) for pattern in allow_patterns):
                self.downloaded.add(f"{repo}/{name}")
                place = home / "snapshots" / COMMIT / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
        return str(home / "snapshots" / COMMIT)


StartHub = Callable[[dict[str, Path]], FakeHub]


@pytest.fixture
def start_hub(cache: Path, monkeypatch: pytest.MonkeyPatch) -> StartHub:
    def start(repos: dict[str, Path]) -> FakeHub:
        hub = FakeHub(cache, repos)
        monkeypatch.setattr(huggingface_hub, "HfApi", lambda: hub)
        monkeypatch.setattr(huggingface_hub, "snapshot_download", hub.snapshot_download)
        return hub

    return start


def test_a_download_takes_what_is_needed_and_says_so(
    start_hub: StartHub, tiny3: Path, tmp_path: Path, cache: Path
) -> None:
    remote = tmp_path / "remote"
    shutil.copytree(tiny3, remote)
    for extra in (
        "unet/diffusion_pytorch_model.bin",
        "weights/kandinsky3.pt",
        "text_encoder/flax_model.msgpack",
    ):
        (remote / extra).parent.mkdir(exist_ok=True)
        (remote / extra).write_bytes(b"0")
    hub = start_hub({REPO: remote})
    said: list[str] = []
    checkpoint = find("kandinsky-3", announce=said.append)
    assert checkpoint.folder.is_relative_to(cache)
    assert checkpoint.revision == COMMIT
    assert said == [f"Downloading {REPO}: 0.0 GB in 4 files"]  # a UNet, a MoVQ and two shards
    assert not [name for name in hub.downloaded if name.endswith((".bin", ".pt", ".msgpack"))]
    hub.repos.clear()  # the second time nothing is asked of the hub
    assert find("kandinsky-3", announce=said.append) == checkpoint
    assert len(said) == 1


def test_a_decoder_and_its_prior_are_fetched(start_hub: StartHub, tiny22: Path) -> None:
    hub = start_hub(
        {
            "kandinsky-community/kandinsky-2-2-decoder": tiny22,
            "kandinsky-community/kandinsky-2-2-prior": tiny22.parent / "kandinsky22-prior",
        }
    )
    said: list[str] = []
    checkpoint = find("kandinsky-2.2", announce=said.append)
    assert checkpoint.prior is not None
    assert len(said) == 2
    prior = "kandinsky-community/kandinsky-2-2-prior/image_encoder/model.safetensors"
    assert prior in hub.downloaded


def test_a_model_of_another_family_costs_no_gigabytes(
    start_hub: StartHub, tiny3: Path, tmp_path: Path
) -> None:
    remote = tmp_path / "remote"
    shutil.copytree(tiny3, remote)
    (remote / "unet" / "config.json").write_text('{"_class_name": "UNet2DConditionModel"}')
    hub = start_hub({"them/other": remote})
    with pytest.raises(ModelBroken, match="unknown family"):
        find("them/other")
    assert not [name for name in hub.downloaded if name.endswith(".safetensors")]


def test_a_repository_without_model_index(start_hub: StartHub, tmp_path: Path) -> None:
    (tmp_path / "remote").mkdir()
    start_hub({"them/other": tmp_path / "remote"})
    with pytest.raises(ModelBroken, match=r"it has no model_index\.json"):
        find("them/other")


def test_a_disk_that_is_too_small(start_hub: StartHub, tiny3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = start_hub({REPO: tiny3})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(MachineError, match="no room") as caught:
        find("kandinsky-3")
    assert "HF_HOME" in caught.value.fix
    assert not [name for name in hub.downloaded if name.endswith(".safetensors")]


def answer(kind: type[Any]) -> Exception:
    """Make an error of the hub, which wants the response that it came with."""
    import httpx2

    response = httpx2.Response(403, request=httpx2.Request("GET", "https://huggingface.co"))
    error: Exception = kind("first line.\nsecond line", response=response)
    return error


@pytest.mark.parametrize(
    ("kind", "message", "fix"),
    [
        (errors.GatedRepoError, "is not open to you", "HF_TOKEN"),
        (errors.RepositoryNotFoundError, "there is no model me/model", "check the spelling"),
        (errors.RevisionNotFoundError, "has no revision old", "commits/main"),
        (errors.HfHubHTTPError, "the hub gives none: first line", "hf download me/model"),
    ],
)
def test_what_the_hub_answers(start_hub: StartHub, kind: type[Any], message: str, fix: str) -> None:
    hub = start_hub({})
    hub.error = answer(kind)
    with pytest.raises(ModelMissing, match=message) as caught:
        find("me/model@old")
    assert fix in caught.value.fix


def test_no_network(start_hub: StartHub) -> None:
    import httpx2

    hub = start_hub({})
    hub.error = httpx2.ConnectError("Name or service not known")
    with pytest.raises(ModelMissing, match="the hub gives none: Name or service not known"):
        find("kandinsky-3")


def test_a_name_that_the_hub_forbids(start_hub: StartHub) -> None:
    hub = start_hub({})
    hub.error = errors.HFValidationError("bad")
    with pytest.raises(ModelMissing, match="there is no model a/b--c"):
        find("a/b--c")


def test_the_connection_breaks_during_the_download(
    start_hub: StartHub, tiny3: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_hub({REPO: tiny3})

    def fail(*args: object, **kwargs: object) -> str:
        raise ConnectionError("broken pipe")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fail)
    with pytest.raises(ModelMissing, match="broken pipe"):
        find("kandinsky-3")


def test_half_weights_are_preferred(start_hub: StartHub, tiny3: Path, tmp_path: Path) -> None:
    import torch

    remote = build.kandinsky3(tmp_path / "half", dtype=torch.float16)
    shutil.copytree(tiny3, remote, dirs_exist_ok=True)
    hub = start_hub({REPO: remote})
    find("kandinsky-3")
    weights = {name for name in hub.downloaded if name.endswith(".safetensors")}
    assert len(weights) == 4
    assert all(".fp16" in name for name in weights)
