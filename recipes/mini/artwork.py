"""Render the subjects' artwork once into small RGBA sprites.

Shapes: S subjects, H W pixels (square), C = 4 channels (red, green, blue, alpha; not premultiplied).
"""

import io
import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

SPRITE_PX = 192
TABLE = Path(__file__).with_name("subjects.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One thing the model can draw: its artwork and its nouns by language."""

    name: str
    icon: str
    natural: tuple[str, ...]
    face: bool
    nouns: dict[str, tuple[str, ...]]


def read_subjects(limit: int | None = None) -> tuple[Subject, ...]:
    """Read the table of subjects, in its order; `limit` keeps only the first ones."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    subjects = tuple(
        Subject(
            name=name,
            icon=row["icon"],
            natural=tuple(row["natural"]),
            face=row.get("face", False),
            nouns={language: tuple(row[language]) for language in ("en", "ru", "zh", "de")},
        )
        for name, row in rows.items()
    )
    return subjects[:limit]


def render_icon(icons: dict[str, object], name: str) -> NDArray[np.uint8]:
    """Draw one icon of an Iconify set as [H, W, 4] uint8, cropped to its ink and centred in a square."""
    table = icons["icons"]
    assert isinstance(table, dict)
    icon = table[name]
    width = icon.get("width", icons.get("width", 16))
    height = icon.get("height", icons.get("height", 16))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width} {height}" width="256" height="256">{icon["body"]}</svg>'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=256, height=256))
    drawn = Image.open(io.BytesIO(png)).convert("RGBA")
    drawn = drawn.crop(drawn.getchannel("A").getbbox())
    scale = SPRITE_PX / max(drawn.size)
    size = (max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale)))
    drawn = drawn.resize(size, Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (SPRITE_PX, SPRITE_PX))
    square.paste(drawn, ((SPRITE_PX - size[0]) // 2, (SPRITE_PX - size[1]) // 2))
    return np.asarray(square)


def render_sprites(packages: Path, style: str, subjects: tuple[Subject, ...]) -> NDArray[np.uint8]:
    """Draw every subject in one style (an Iconify set's name) as [S, H, W, 4] uint8."""
    path = packages / "@iconify-json" / style / "icons.json"
    icons = json.loads(path.read_text(encoding="utf-8"))
    return np.stack([render_icon(icons, subject.icon) for subject in subjects])


def load_sprites(work: Path, style: str, subjects: tuple[Subject, ...]) -> NDArray[np.uint8]:
    """Read the sprites from the work folder, drawing them first where they are missing or outdated."""
    path = work / f"sprites-{style}-{len(subjects)}.npy"
    if not path.exists() or path.stat().st_mtime < TABLE.stat().st_mtime:
        sprites = render_sprites(work / "artwork" / "node_modules", style, subjects)
        partial = path.with_suffix(f".{os.getpid()}.npy")
        np.save(partial, sprites)
        partial.rename(path)
    stored: NDArray[np.uint8] = np.load(path)
    return stored
