"""The project's files speak of the project alone, and hold together."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import wassily

ROOT = Path(__file__).parents[2]
TEXTS = (".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".html", ".js", ".css", "")
# Folders of one machine, and marks of work that is not done.
FOREIGN = re.compile(r"/(?:work|home|Users)/\w+/|\b(?:TO[D]O|FIX[M]E|XX[X])\b")


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.suffix in TEXTS and path.is_file()] or [ROOT / "pyproject.toml"]


@pytest.mark.parametrize("path", tracked(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_traces_of_a_machine_or_of_unfinished_work(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    found = [(number, line) for number, line in enumerate(lines, 1) if FOREIGN.search(line)]
    assert not found


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == wassily.__version__
    assert f"## {wassily.__version__} " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if "==" in line and not line.startswith("#")
    }
    names = {re.split(r"[<>=]", each)[0].lower().replace("_", "-") for each in wanted}
    assert names <= pinned
