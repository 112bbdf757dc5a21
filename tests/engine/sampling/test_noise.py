"""Noise per image, and the great circle between two."""

import pytest
import torch

from wassily.engine.sampling.noise import Noise, slerp

CPU = torch.device("cpu")


def test_an_image_draws_its_own_seeds_stream_wherever_it_stands():
    together = Noise([3, 2**63 - 1, 5], device=CPU)
    alone = Noise([5], device=CPU)
    for shape in ((4, 8, 8), (768,)):
        assert torch.equal(together.draw(shape)[2], alone.draw(shape)[0])
    assert not torch.equal(together.draw((9,))[0], together.draw((9,))[0])


def test_noise_is_that_of_torch_with_the_same_seed():
    expected = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(12))
    assert torch.equal(Noise([12], device=CPU).draw((4, 8, 8)), expected)


def test_slerp_keeps_the_length_and_meets_both_ends():
    start, end = Noise([1, 2], device=CPU).draw((4, 8, 8)), Noise([3, 4], device=CPU).draw((4, 8, 8))
    assert torch.allclose(slerp(start, end, 0.0), start, atol=1e-5)
    assert torch.allclose(slerp(start, end, 1.0), end, atol=1e-5)
    middle = slerp(start, end, 0.5).flatten(1).norm(dim=1)
    mean = (start.flatten(1).norm(dim=1) + end.flatten(1).norm(dim=1)) / 2
    assert torch.allclose(middle, mean, rtol=1e-4)


@pytest.mark.parametrize("position", [0.0, 0.3, 1.0])
def test_slerp_of_parallel_rows_is_the_straight_line(position):
    start = torch.ones(1, 6)
    assert torch.allclose(slerp(start, 3 * start, position), start * (1 + 2 * position))
    assert torch.isfinite(slerp(torch.zeros(1, 6), start, position)).all()
