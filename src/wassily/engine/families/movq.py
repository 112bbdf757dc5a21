"""MoVQ: pixels to latents and back, in every family (Zheng et al. 2022).

Legend: B images, C channels, H W pixels, h w = H/8 W/8 latent cells.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

CELL_PX: Final = 8
UNIT_PX: Final = 64  # the networks halve the latents three times


class Movq:
    """The picture codec of a checkpoint; `read` gives the network, and is called at first use."""

    def __init__(self, read: Callable[[], Any], *, preview: np.ndarray | None = None) -> None:
        self._read = read
        self._preview = preview

    def encode(self, pixels_BCHW: Tensor) -> Tensor:
        """Latents (B, 4, H/8, W/8), float32, of pixels in [-1, 1]."""
        network = self._read()
        weight = next(network.parameters())
        latents: Tensor = network.encode(pixels_BCHW.to(weight)).latents
        return latents.float()

    def decode(self, latents_BCHW: Tensor) -> Tensor:
        """Pixels (B, 3, H, W) in about [-1, 1], float32; the codes are not quantised."""
        network = self._read()
        weight = next(network.parameters())
        pixels: Tensor = network.decode(latents_BCHW.to(weight), force_not_quantize=True).sample
        return pixels.float()

    def sketch(self, latents_BCHW: Tensor) -> list[np.ndarray]:
        """A uint8 h x w x 3 preview of each row, by a linear map of the latents.

        The map comes with the model, or is fitted once from the encoder itself.
        """
        if self._preview is None:
            self._preview = fit_preview(self.encode, device=latents_BCHW.device)
        latents = latents_BCHW.float().permute(0, 2, 3, 1).cpu().numpy()
        ones = np.ones((*latents.shape[:3], 1), dtype=np.float32)
        colours = np.concatenate([latents, ones], axis=-1) @ self._preview
        return list(to_bytes(torch.from_numpy(colours)))


def fit_preview(encode: Callable[[Tensor], Tensor], *, device: torch.device) -> np.ndarray:
    """The (C + 1) x 3 matrix that best maps latents and 1 to colours, by least squares.

    Fitted on 24 smooth random pictures of 64 px, seeded.
    """
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(24, 3, 3, 3, generator=generator) * 2 - 1
    pixels = nn.functional.interpolate(coarse, size=(64, 64), mode="bilinear")
    colours = nn.functional.avg_pool2d(pixels, CELL_PX).permute(0, 2, 3, 1).reshape(-1, 3)
    with torch.inference_mode():
        latents = encode(pixels.to(device)).cpu()
    flat = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    known = torch.cat([flat, torch.ones(len(flat), 1)], dim=1)
    solution: np.ndarray = torch.linalg.lstsq(known, colours).solution.numpy()
    return solution


def to_bytes(pixels: Tensor) -> np.ndarray:
    """uint8 values of pixels in [-1, 1], of the same shape."""
    scaled = (pixels.float() * 0.5 + 0.5).clamp(0, 1) * 255
    result: np.ndarray = scaled.round().to(torch.uint8).cpu().numpy()
    return result


def from_bytes(pixels: np.ndarray, *, device: torch.device) -> Tensor:
    """(B, C, H, W) float32 in [-1, 1] of uint8 (B, H, W, C)."""
    return (torch.tensor(pixels, device=device).permute(0, 3, 1, 2).float() / 127.5 - 1.0).contiguous()
