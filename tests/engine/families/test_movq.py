"""Pixels to latents and back, and the preview's linear map."""

import numpy as np
import torch

from tests.parity.pictures import photo
from tests.parity.reference import load_engine
from wassily.engine.families.movq import fit_preview, from_bytes, to_bytes

CPU = torch.device("cpu")


def test_bytes_and_pixels_convert_both_ways():
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    pixels = from_bytes(values, device=CPU)
    assert pixels.shape == (1, 3, 16, 16)
    assert pixels.min() == -1
    assert pixels.max() == 1
    assert np.array_equal(to_bytes(pixels.permute(0, 2, 3, 1)), values)
    assert to_bytes(torch.tensor([-9.0, 9.0])).tolist() == [0, 255]


def test_a_linear_codec_is_previewed_exactly():
    """Where latents are a linear map of the mean colours, the fitted map undoes it."""
    mixing = torch.tensor([[0.5, 0.2, -0.1], [0.1, -0.7, 0.3], [0.4, 0.1, 0.9], [1.0, 0.0, 1.0]])

    def encode(pixels):
        means = torch.nn.functional.avg_pool2d(pixels, 8)
        return torch.einsum("dc,bchw->bdhw", mixing, means) + 0.3

    preview = fit_preview(encode, device=CPU)
    latents = encode(from_bytes(np.full((1, 8, 8, 3), 64, dtype=np.uint8), device=CPU))
    flat = latents[0, :, 0, 0].numpy()
    assert np.allclose(np.append(flat, 1) @ preview, 64 / 127.5 - 1, atol=1e-4)


def test_previews_come_one_per_image_at_latent_size(tiny3):
    movq = load_engine(tiny3).core.family.movq
    sketches = movq.sketch(torch.randn(3, 4, 8, 16))
    assert [sketch.shape for sketch in sketches] == [(8, 16, 3)] * 3
    assert all(sketch.dtype == np.uint8 for sketch in sketches)


def test_latents_are_an_eighth_of_the_picture(tiny22):
    movq = load_engine(tiny22).core.family.movq
    with torch.inference_mode():
        latents = movq.encode(from_bytes(np.asarray(photo(128, 64))[None], device=CPU))
        assert latents.shape == (1, 4, 8, 16)
        assert movq.decode(latents).shape == (1, 3, 64, 128)
