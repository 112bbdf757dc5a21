"""The networks in 16 bits: the pictures stay close to those in 32."""

import numpy as np
import pytest

from wassily.make import Engine
from wassily.request import Text2Image


@pytest.mark.parametrize("model", ["tiny21", "tiny22", "tiny3"])
def test_bfloat16_draws_nearly_the_same(model, request):
    folder = request.getfixturevalue(model)
    drawing = Text2Image(
        prompt="a red fox", negative="blue", width=64, height=64, steps=3, guidance=2, seed=4
    )
    [full] = Engine.load(folder, device="cpu", dtype="float32").make(drawing)
    [half] = Engine.load(folder, device="cpu", dtype="bfloat16").make(drawing)
    assert half.recipe.dtype == "bfloat16"
    difference = np.abs(full.pixels.astype(int) - half.pixels).mean()
    # Eight bits of mantissa through three random networks; another seed's picture is 60 and more away.
    assert 0 < difference < 12
