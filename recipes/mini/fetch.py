"""Fetch the artwork: the pinned npm packages, into the work folder."""

import shutil
import subprocess
from pathlib import Path

PACKAGES: dict[str, str] = {
    "fluent-emoji": "@iconify-json/fluent-emoji@1.2.7",
    "noto": "@iconify-json/noto@1.2.9",
}


def fetch(work: Path, style: str) -> None:
    """Install the package of one style below `work`, unless it is there.

    Raises RuntimeError where npm is missing or the style has no pinned package.
    """
    folder = work / "artwork"
    if (folder / "node_modules" / "@iconify-json" / style / "icons.json").exists():
        return
    if style not in PACKAGES:
        raise RuntimeError(f"no artwork of style {style!r} is pinned; choose one of {', '.join(PACKAGES)}")
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("the artwork comes from npm, and no npm is here; install Node.js")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--no-save", "--ignore-scripts", "--prefix", str(folder), PACKAGES[style]]
    subprocess.run(command, check=True)
