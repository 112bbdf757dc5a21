"""The command line, run in this process with an engine that needs no torch."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.surfaces import fake_engine
from wassily.surfaces.cli.app import build_app

Run = Callable[..., "object"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with no settings anywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in (
        "WASSILY_MODEL",
        "WASSILY_DEVICE",
        "WASSILY_DTYPE",
        "WASSILY_OUTPUT_DIR",
        "WASSILY_CACHE_DIR",
    ):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def wassily(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line; the result has exit_code, stdout and stderr."""
    for name, module in fake_engine.modules().items():
        monkeypatch.setitem(sys.modules, name, module)

    def run(*arguments: str) -> object:
        return CliRunner().invoke(build_app(), list(arguments), catch_exceptions=False)

    return run
