"""Fixtures for every test: tiny checkpoints, made once a session; none of them reaches the network."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Read when huggingface_hub is first imported, so set before any test module is.
os.environ["HF_HUB_OFFLINE"] = "1"

Build = Callable[[str], Path]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is computed once away from the person's own cache folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WASSILY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def build_tiny(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build a checkpoint by its builder's name, with its prior beside it, into a folder of its own."""
    from tests.checkpoints import build

    def build_one(name: str) -> Path:
        root = tmp_path_factory.mktemp(name)
        if not name.startswith("kandinsky3"):
            family = name.removesuffix("_inpaint")
            getattr(build, f"{family}_prior")(root / f"{family}-prior")
        folder: Path = getattr(build, name)(root / name.replace("_", "-"))
        return folder

    return build_one


@pytest.fixture(scope="session")
def tiny21(build_tiny: Build) -> Path:
    """Return the folder of a tiny Kandinsky 2.1."""
    return build_tiny("kandinsky21")


@pytest.fixture(scope="session")
def tiny21_inpaint(build_tiny: Build) -> Path:
    """Return the folder of a tiny Kandinsky 2.1 for inpainting."""
    return build_tiny("kandinsky21_inpaint")


@pytest.fixture(scope="session")
def tiny22(build_tiny: Build) -> Path:
    """Return the folder of a tiny Kandinsky 2.2."""
    return build_tiny("kandinsky22")


@pytest.fixture(scope="session")
def tiny22_inpaint(build_tiny: Build) -> Path:
    """Return the folder of a tiny Kandinsky 2.2 for inpainting."""
    return build_tiny("kandinsky22_inpaint")


@pytest.fixture(scope="session")
def tiny3(build_tiny: Build) -> Path:
    """Return the folder of a tiny Kandinsky 3."""
    return build_tiny("kandinsky3")


@pytest.fixture(scope="session")
def tiny3_inpaint(build_tiny: Build) -> Path:
    """Return the folder of a tiny Kandinsky 3 for inpainting."""
    return build_tiny("kandinsky3_inpaint")
