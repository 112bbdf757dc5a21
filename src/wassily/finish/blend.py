"""Laying a repainted picture over the one it came from, so that what was kept is kept exactly."""

import numpy as np
from PIL import Image, ImageFilter


def keep_outside(scene: tuple[Image.Image, Image.Image], painted: np.ndarray, *, feather: int) -> np.ndarray:
    """`painted` inside the scene's hole, the scene's own pixels outside, to the last bit.

    `painted`: uint8 H x W x 3, of any size, scaled to the scene's. `feather`: px over which the
    painted part fades in, inside the hole.
    """
    image, hole = scene
    scaled = Image.fromarray(painted)
    if scaled.size != image.size:
        scaled = scaled.resize(image.size, Image.Resampling.LANCZOS)
    weight = _weight(hole, feather)[..., None]
    mixed = np.asarray(image) * (1 - weight) + np.asarray(scaled) * weight
    return np.where(weight > 0, mixed.round(), np.asarray(image)).astype(np.uint8)


def _weight(hole: Image.Image, feather: int) -> np.ndarray:
    """0 outside the hole, rising to 1 over `feather` px inside it, or over half the hole if that is less."""
    inside = np.asarray(hole, dtype=np.float32) / 255
    left, top, right, bottom = hole.getbbox() or (0, 0, 0, 0)
    soft_px = min(feather, (right - left) // 2, (bottom - top) // 2)
    if soft_px == 0:
        return inside
    blurred = np.asarray(hole.filter(ImageFilter.GaussianBlur(soft_px / 2)), dtype=np.float32) / 255
    rising = np.clip(2 * blurred - 1, 0, 1) * inside
    # Thin parts of a hole never blur to full white: the deepest one sets the scale.
    return rising / max(float(rising.max()), 1e-6)
