"""Compose pictures: one subject on one background, described by a `Scene`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from recipes.mini.artwork import SPRITE_PX, Subject
from recipes.mini.places import BACKGROUNDS, COLOURS, PICTURE_PX, PLACES, Generator, draw_places

VARIANTS = 6
TINTS: tuple[str, ...] = ("none", *COLOURS)
SIZES: dict[str, float] = {"normal": 0.64, "small": 0.4, "large": 0.84}
POSITIONS: dict[str, float] = {"centre": 0.5, "left": 0.29, "right": 0.71}
HELD_OUT_STEP = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one picture shows; every field is a number so that scenes can be stored as rows."""

    subject: int
    background: int
    tint: int = 0
    size: int = 0
    position: int = 0
    helmet: int = 0

    def row(self) -> tuple[int, ...]:
        """Return the fields in their order."""
        return (self.subject, self.background, self.tint, self.size, self.position, self.helmet)


def is_held_out(subject: int, background: int) -> bool:
    """Say whether a pair is kept out of all training: one in eleven, never on the default white."""
    return BACKGROUNDS[background] != "white" and (4 * subject + background) % HELD_OUT_STEP == 3


def choose_scene(rng: Generator, subjects: tuple[Subject, ...], *, held_out: bool = False) -> Scene:
    """Draw a random scene from the training pairs, or from the held-out ones."""
    while True:
        subject = int(rng.integers(len(subjects)))
        place = rng.random() < 0.6
        plain = 0 if rng.random() < 0.25 else int(rng.integers(len(COLOURS)))
        background = len(COLOURS) + int(rng.integers(len(PLACES))) if place else plain
        if is_held_out(subject, background) == held_out:
            break
    tint = int(rng.integers(1, len(TINTS))) if rng.random() < 0.14 else 0
    helmet = int(subjects[subject].face and rng.random() < 0.12)
    if TINTS[tint] in subjects[subject].natural or TINTS[tint] == BACKGROUNDS[background] or helmet:
        tint = 0
    size = int(rng.choice(3, p=(0.84, 0.08, 0.08)))
    position = 0 if size == 2 else int(rng.choice(3, p=(0.86, 0.07, 0.07)))
    return Scene(
        subject=subject, background=background, tint=tint, size=size, position=position, helmet=helmet
    )


def tint_sprite(sprite: NDArray[np.uint8], colour: str) -> NDArray[np.uint8]:
    """Recolour an RGBA sprite: its lightness runs from dark over the colour to white."""
    light = sprite[..., :3].astype(np.float32) @ np.array([0.3, 0.59, 0.11], np.float32) / 255
    light = light[..., None]
    tone = np.array(COLOURS[colour], np.float32)
    dark = tone * np.clip(light * 1.8, 0.12, 1)
    bright = tone + (255 - tone) * np.clip((light - 0.55) / 0.45, 0, 1) * 0.75
    mixed = 0.15 * sprite[..., :3] + 0.85 * np.where(light < 0.55, dark, bright)
    return np.concatenate([mixed.round().astype(np.uint8), sprite[..., 3:]], axis=-1)


def add_helmet(sprite: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put a head into an astronaut's helmet: a suit below, glass around, a white rim."""
    big = Image.new("RGBA", (SPRITE_PX * 2, SPRITE_PX * 2))
    pen, side = ImageDraw.Draw(big), SPRITE_PX * 2
    pen.rounded_rectangle(
        [0.14 * side, 0.74 * side, 0.86 * side, 1.2 * side], 0.16 * side, fill=(236, 238, 246, 255)
    )
    pen.rectangle([0.42 * side, 0.9 * side, 0.58 * side, side], fill=(64, 120, 224, 255))
    pen.ellipse([0.08 * side, 0, 0.92 * side, 0.84 * side], fill=(226, 230, 240, 255))
    pen.ellipse([0.13 * side, 0.05 * side, 0.87 * side, 0.79 * side], fill=(120, 168, 214, 255))
    head = Image.fromarray(sprite).resize((round(0.62 * side), round(0.62 * side)), Image.Resampling.BILINEAR)
    big.alpha_composite(head, (round(0.19 * side), round(0.12 * side)))
    shine = Image.new("RGBA", big.size)
    ImageDraw.Draw(shine).ellipse(
        [0.24 * side, 0.1 * side, 0.44 * side, 0.24 * side], fill=(255, 255, 255, 120)
    )
    return np.asarray(Image.alpha_composite(big, shine).resize((SPRITE_PX, SPRITE_PX), Image.Resampling.BOX))


class Studio:
    """Everything needed to draw scenes: sprites and backgrounds, drawn once."""

    def __init__(self, subjects: tuple[Subject, ...], sprites: NDArray[np.uint8]) -> None:
        """Keep `sprites` [S, H, W, 4] of `subjects` and draw the places."""
        self.subjects = subjects
        self._sprites = sprites
        self._places = draw_places(VARIANTS)

    def draw(self, scene: Scene, rng: Generator) -> NDArray[np.uint8]:
        """Draw a scene as [H, W, 3] uint8; `rng` chooses the variant and small shifts."""
        canvas = Image.fromarray(self._background(scene.background, rng))
        sprite = self._sprites[scene.subject]
        if scene.helmet:
            sprite = add_helmet(sprite)
        if scene.tint:
            sprite = tint_sprite(sprite, TINTS[scene.tint])
        side = round(PICTURE_PX * list(SIZES.values())[scene.size] * rng.uniform(0.95, 1.05))
        drawn = (
            Image.fromarray(sprite).convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA")
        )
        x = list(POSITIONS.values())[scene.position] + rng.uniform(-0.025, 0.025)
        y = 0.53 + rng.uniform(-0.025, 0.025)
        corner = (round(x * PICTURE_PX - side / 2), round(y * PICTURE_PX - side / 2))
        canvas.paste(drawn, corner, drawn)
        return np.array(canvas)

    def _background(self, background: int, rng: Generator) -> NDArray[np.uint8]:
        if background < len(COLOURS):
            colour = np.array(COLOURS[BACKGROUNDS[background]]) + rng.integers(-5, 6, 3)
            filled = np.broadcast_to(np.clip(colour, 0, 255), (PICTURE_PX, PICTURE_PX, 3))
            return filled.astype(np.uint8)
        place: NDArray[np.uint8] = self._places[background - len(COLOURS), int(rng.integers(VARIANTS))]
        return place
