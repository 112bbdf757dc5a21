"""Draw the backgrounds: ten plain colours and ten places, each place in a few seeded variants.

Everything is drawn at twice the size and reduced, which smooths the edges.
Coordinates are fractions of the picture: x to the right, y downward, both 0 to 1.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

PICTURE_PX = 128
CANVAS_PX = 2 * PICTURE_PX

RGB = tuple[int, int, int]
Generator = np.random.Generator

COLOURS: dict[str, RGB] = {
    "white": (250, 250, 250),
    "red": (220, 44, 48),
    "orange": (252, 142, 36),
    "yellow": (248, 210, 64),
    "green": (76, 172, 80),
    "blue": (52, 124, 240),
    "purple": (136, 66, 190),
    "pink": (250, 150, 190),
    "black": (28, 28, 32),
    "gray": (146, 148, 152),
}


class Canvas:
    """A square canvas addressed in fractions of its side."""

    def __init__(self, top: RGB, bottom: RGB) -> None:
        """Fill with a vertical gradient from `top` to `bottom`."""
        ramp = np.linspace(0, 1, CANVAS_PX)[:, None, None]
        rows = np.array(top) * (1 - ramp) + np.array(bottom) * ramp
        filled = np.broadcast_to(rows, (CANVAS_PX, CANVAS_PX, 3)).round().astype(np.uint8)
        self.image = Image.fromarray(filled)
        self.pen = ImageDraw.Draw(self.image)

    def disc(self, x: float, y: float, radius: float, colour: RGB, squash: float = 1) -> None:
        """Draw a filled ellipse; `squash` scales its height."""
        box = [x - radius, y - radius * squash, x + radius, y + radius * squash]
        self.pen.ellipse([side * CANVAS_PX for side in box], fill=colour)

    def shape(self, points: Sequence[tuple[float, float]], colour: RGB) -> None:
        """Draw a filled polygon."""
        self.pen.polygon([(x * CANVAS_PX, y * CANVAS_PX) for x, y in points], fill=colour)

    def box(self, left: float, top: float, right: float, bottom: float, *, colour: RGB) -> None:
        """Draw a filled rectangle."""
        self.shape([(left, top), (right, top), (right, bottom), (left, bottom)], colour)

    def ground(self, level: float, colour: RGB, *, swell: float = 0, phase: float = 0) -> None:
        """Fill everything below a gently swelling horizon."""
        xs = np.linspace(0, 1, 33)
        edge = [(float(x), level + swell * float(np.sin(2 * np.pi * (x + phase)))) for x in xs]
        self.shape([*edge, (1, 1), (0, 1)], colour)

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture as [H, W, 3] uint8 at its final size."""
        return np.asarray(self.image.resize((PICTURE_PX, PICTURE_PX), Image.Resampling.BOX))


def draw_fir(canvas: Canvas, x: float, base: float, height: float) -> None:
    """Draw a snowy fir whose trunk stands at (x, base)."""
    canvas.box(x - 0.015, base - 0.06, x + 0.015, base + 0.02, colour=(104, 76, 60))
    for level in range(3):
        top = base - height + 0.26 * height * level
        width = height * (0.17 + 0.07 * level)
        bottom = top + 0.44 * height
        canvas.shape([(x, top), (x + width, bottom), (x - width, bottom)], (44, 104, 92))
        tip = 0.4
        canvas.shape(
            [
                (x, top),
                (x + width * tip, top + 0.44 * height * tip),
                (x - width * tip, top + 0.44 * height * tip),
            ],
            (236, 244, 250),
        )


def snowy_forest(rng: Generator) -> Canvas:
    """Firs with snow on them, a white ground and falling flakes."""
    canvas = Canvas((150, 190, 226), (222, 236, 246))
    canvas.ground(0.66, (214, 228, 240), swell=0.03, phase=rng.uniform())
    for x in (0.06, 0.27, 0.74, 0.95, 0.5):
        draw_fir(canvas, x + rng.uniform(-0.03, 0.03), 0.72, rng.uniform(0.42, 0.6))
    canvas.ground(0.74, (246, 250, 254), swell=0.02, phase=rng.uniform())
    for x, y in rng.uniform(0, 0.7, (14, 2)) / (0.7, 1):
        canvas.disc(x, y, 0.011, (255, 255, 255))
    return canvas


def beach(rng: Generator) -> Canvas:
    """A sun, the sea and sand."""
    canvas = Canvas((110, 196, 246), (196, 232, 250))
    canvas.disc(0.14 + rng.uniform(-0.03, 0.03), 0.15, 0.085, (255, 224, 92))
    canvas.ground(0.5, (36, 146, 206))
    canvas.ground(0.6, (66, 178, 220), swell=0.01, phase=rng.uniform())
    phase = rng.uniform()
    canvas.ground(0.71, (240, 250, 252), swell=0.02, phase=phase)
    canvas.ground(0.74, (244, 216, 152), swell=0.02, phase=phase)
    x = rng.choice([0.1, 0.9])
    canvas.disc(x, 0.9, 0.035, (240, 128, 108))
    return canvas


def night_sky(rng: Generator) -> Canvas:
    """Stars and a crescent over dark hills."""
    canvas = Canvas((14, 20, 66), (46, 60, 128))
    for x, y in rng.uniform(0, 1, (26, 2)) * (1, 0.75):
        canvas.disc(x, y, 0.009, (255, 250, 214))
    x = 0.85 + rng.uniform(-0.03, 0.03)
    canvas.disc(x, 0.15, 0.085, (255, 238, 160))
    canvas.disc(x - 0.045, 0.13, 0.075, (20, 27, 76))
    canvas.ground(0.82, (20, 30, 62), swell=0.05, phase=rng.uniform())
    return canvas


def space(rng: Generator) -> Canvas:
    """Black space with a violet cloud, stars and two planets."""
    canvas = Canvas((16, 8, 36), (16, 8, 36))
    cloud_x, cloud_y = rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.65)
    for step in range(24):
        part = step / 23
        tone = (round(16 + 92 * part), round(8 + 34 * part), round(36 + 124 * part))
        canvas.disc(cloud_x, cloud_y, 0.7 * (1 - part) + 0.05, tone, 0.75)
    for x, y in rng.uniform(0, 1, (34, 2)):
        canvas.disc(x, y, 0.008, (255, 255, 255))
    canvas.disc(0.87, 0.14, 0.09, (240, 168, 92))
    canvas.shape([(0.72, 0.17), (1.0, 0.09), (1.0, 0.115), (0.73, 0.195)], (250, 218, 160))
    canvas.disc(0.11, 0.87, 0.13, (84, 150, 220))
    canvas.disc(0.08, 0.83, 0.045, (120, 190, 120), 0.7)
    return canvas


def city(rng: Generator) -> Canvas:
    """Houses with lit windows and a road."""
    canvas = Canvas((156, 206, 240), (220, 236, 246))
    tones: tuple[RGB, ...] = ((122, 136, 166), (150, 130, 142), (98, 118, 150))
    for index in range(6):
        left, top = index / 6 - 0.01, rng.uniform(0.14, 0.42)
        canvas.box(left, top, left + 0.165, 0.8, colour=tones[(index + int(rng.integers(2))) % 3])
        for row in range(8):
            for column in range(2):
                x, y = left + 0.03 + 0.065 * column, top + 0.04 + 0.075 * row
                canvas.box(x, y, x + 0.038, y + 0.04, colour=(252, 228, 140))
    canvas.ground(0.78, (186, 188, 192))
    canvas.ground(0.82, (78, 82, 92))
    for x in np.arange(0.02, 1, 0.2):
        canvas.box(x, 0.9, x + 0.11, 0.925, colour=(250, 250, 250))
    return canvas


def meadow(rng: Generator) -> Canvas:
    """Green hills with flowers under a cloudy sky."""
    canvas = Canvas((104, 186, 246), (206, 236, 252))
    for x, y in ((0.16, 0.16), (0.84, 0.24)):
        shift = rng.uniform(-0.04, 0.04)
        for dx, radius in ((-0.08, 0.05), (0, 0.075), (0.085, 0.055)):
            canvas.disc(x + shift + dx, y, radius, (255, 255, 255), 0.8)
    canvas.ground(0.58, (132, 204, 98), swell=0.05, phase=rng.uniform())
    canvas.ground(0.68, (98, 184, 76), swell=0.03, phase=rng.uniform())
    tones: tuple[RGB, ...] = ((255, 255, 255), (255, 214, 70), (240, 110, 150))
    for index, (x, y) in enumerate(rng.uniform(0, 1, (16, 2)) * (1, 0.24) + (0, 0.75)):
        canvas.disc(x, y, 0.018, tones[index % 3])
    return canvas


def under_water(rng: Generator) -> Canvas:
    """Blue water with bubbles, weeds and a sandy floor."""
    canvas = Canvas((72, 196, 226), (14, 74, 150))
    canvas.ground(0.87, (222, 196, 136), swell=0.02, phase=rng.uniform())
    for x in (0.06, 0.15, 0.85, 0.94):
        height, lean = rng.uniform(0.26, 0.46), rng.uniform(-0.03, 0.03)
        for step in range(12):
            part = step / 11
            sway = 0.02 * np.sin(9 * part) + lean * part
            canvas.disc(x + float(sway), 0.92 - height * part, 0.026 - 0.012 * part, (38, 140, 86))
    for x, y in rng.uniform(0.04, 0.96, (9, 2)) * (1, 0.72):
        radius = rng.uniform(0.016, 0.032)
        canvas.disc(x, y, radius, (190, 236, 248))
        canvas.disc(x, y, radius * 0.65, (82, 176, 218))
    return canvas


def desert(rng: Generator) -> Canvas:
    """Dunes, a hot sky and a cactus at each side."""
    canvas = Canvas((250, 196, 120), (254, 232, 180))
    canvas.disc(0.8 + rng.uniform(-0.05, 0.05), 0.16, 0.09, (255, 246, 196))
    canvas.ground(0.6, (232, 174, 100), swell=0.05, phase=rng.uniform())
    for x in (0.1 + rng.uniform(-0.03, 0.03), 0.91 + rng.uniform(-0.03, 0.03)):
        canvas.box(x - 0.022, 0.48, x + 0.022, 0.76, colour=(72, 140, 82))
        canvas.box(x - 0.07, 0.58, x, 0.61, colour=(72, 140, 82))
        canvas.box(x - 0.07, 0.52, x - 0.04, 0.6, colour=(72, 140, 82))
        canvas.box(x, 0.64, x + 0.06, 0.67, colour=(72, 140, 82))
        canvas.box(x + 0.035, 0.57, x + 0.065, 0.66, colour=(72, 140, 82))
    canvas.ground(0.74, (218, 152, 80), swell=0.035, phase=rng.uniform())
    return canvas


def mountains(rng: Generator) -> Canvas:
    """Grey peaks with snowy tips behind a green valley."""
    canvas = Canvas((116, 178, 236), (216, 234, 248))
    for x, half, top, tone in (
        (0.5, 0.4, 0.24, (146, 156, 180)),
        (0.16, 0.36, 0.14, (112, 122, 150)),
        (0.84, 0.38, 0.1, (112, 122, 150)),
    ):
        peak = x + rng.uniform(-0.04, 0.04)
        canvas.shape([(peak, top), (peak + half, 0.8), (peak - half, 0.8)], tone)
        tip = 0.28 * (0.8 - top)
        canvas.shape(
            [
                (peak, top),
                (peak + 0.28 * half, top + tip),
                (peak, top + 0.7 * tip),
                (peak - 0.28 * half, top + tip),
            ],
            (250, 252, 255),
        )
    canvas.ground(0.74, (92, 146, 92), swell=0.025, phase=rng.uniform())
    return canvas


def autumn_forest(rng: Generator) -> Canvas:
    """Round trees in yellow, orange and red, and fallen leaves."""
    canvas = Canvas((250, 226, 176), (252, 240, 210))
    tones: tuple[RGB, ...] = ((226, 112, 40), (240, 170, 52), (198, 68, 44))
    first = int(rng.integers(3))
    for index, middle in enumerate((0.5, 0.28, 0.73, 0.06, 0.94)):
        x, y = middle + rng.uniform(-0.03, 0.03), rng.uniform(0.28, 0.4)
        canvas.box(x - 0.025, y, x + 0.025, 0.76, colour=(110, 74, 52))
        canvas.disc(x, y, 0.155, tones[(index + first) % 3], 1.15)
    canvas.ground(0.74, (196, 132, 66), swell=0.02, phase=rng.uniform())
    for index, (x, y) in enumerate(rng.uniform(0, 1, (18, 2)) * (1, 0.2) + (0, 0.78)):
        canvas.disc(x, y, 0.018, tones[index % 3], 0.6)
    return canvas


PLACES: dict[str, Callable[[Generator], Canvas]] = {
    "snow": snowy_forest,
    "beach": beach,
    "night": night_sky,
    "space": space,
    "city": city,
    "meadow": meadow,
    "water": under_water,
    "desert": desert,
    "mountains": mountains,
    "autumn": autumn_forest,
}

BACKGROUNDS: tuple[str, ...] = (*COLOURS, *PLACES)


def draw_places(variants: int) -> NDArray[np.uint8]:
    """Draw every place in its variants as [places, variants, H, W, 3] uint8; the same at every call."""
    return np.stack(
        [
            np.stack([draw(np.random.default_rng((index, variant))).pixels() for variant in range(variants)])
            for index, draw in enumerate(PLACES.values())
        ]
    )
