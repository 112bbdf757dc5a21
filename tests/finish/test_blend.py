"""Laying a painted part over the picture it belongs to."""

import numpy as np
import pytest
from PIL import Image

from tests.parity.pictures import hole, photo
from wassily.finish.blend import keep_outside

PAINTED = np.full((60, 80, 3), 200, dtype=np.uint8)


@pytest.mark.parametrize("feather", [0, 3, 12, 500])
def test_outside_the_hole_nothing_changes_and_its_middle_is_painted(feather):
    image, mask = photo(80, 60), hole(80, 60)
    result = keep_outside((image, mask), PAINTED, feather=feather)
    outside = np.asarray(mask) == 0
    assert np.array_equal(result[outside], np.asarray(image)[outside])
    assert (result[24, 40] == 200).all()


def test_a_feathered_edge_rises_steadily():
    image = Image.new("RGB", (80, 60))
    mask = Image.new("L", (80, 60))
    mask.paste(255, (20, 0, 80, 60))
    row = keep_outside((image, mask), PAINTED, feather=10)[30, :, 0].astype(int)
    assert (np.diff(row) >= 0).all()
    assert row[19] == 0
    assert 0 < row[22] < 200
    assert row[40] == 200


def test_a_smaller_painting_is_scaled_to_the_scene():
    result = keep_outside((photo(80, 60), Image.new("L", (80, 60), 255)), PAINTED[::2, ::2], feather=0)
    assert result.shape == (60, 80, 3)
    assert (result == 200).all()
