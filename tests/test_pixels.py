"""Whatever a picture file holds becomes upright eight-bit RGB, or an error that says why not."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wassily.errors import PictureError
from wassily.pixels import open_mask, open_rgb

LAB = Image.new("LAB", (5, 4), (100, 128, 128))
CLEAR = Image.new("RGBA", (3, 3), (255, 0, 0, 0))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "LAB"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    opened = open_rgb(LAB if mode == "LAB" else Image.new("RGB", (5, 4)).convert(mode))
    assert opened.mode == "RGB"
    assert opened.size == (5, 4)


@pytest.mark.parametrize("image", [CLEAR, CLEAR.convert("RGBa"), Image.new("LA", (3, 3), (0, 0))])
def test_transparent_parts_are_laid_on_white(image: Image.Image) -> None:
    assert open_rgb(image).getpixel((1, 1)) == (255, 255, 255)


def test_a_palette_with_a_transparent_colour_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    image.save(tmp_path / "p.png", transparency=0)
    opened = open_rgb(tmp_path / "p.png")
    assert opened.getpixel((0, 0)) == (255, 255, 255)
    assert opened.getpixel((1, 0)) == (0, 0, 255)


@pytest.mark.parametrize("value", [0, 128 * 257, 65535])
def test_sixteen_bits_are_scaled_not_cut(value: int, tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), value, np.uint16)).save(tmp_path / "deep.png")
    grey = open_rgb(tmp_path / "deep.png").getpixel((0, 0))
    assert grey == (value // 257,) * 3


def test_a_photo_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(tmp_path / "lying.jpg", exif=exif)
    assert open_rgb(tmp_path / "lying.jpg").size == (20, 40)


def test_a_mask_is_split_at_half() -> None:
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    assert list(open_mask(ramp).get_flattened_data()) == [0] * 128 + [255] * 128


def test_a_masks_transparent_part_counts_as_white() -> None:
    assert open_mask(Image.new("RGBA", (1, 1), (0, 0, 0, 0))).getpixel((0, 0)) == 255


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(40), b"\xff\xd8\xff\xe0" + bytes(30)]
)
def test_a_damaged_file_is_an_error_of_ours(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(data)
    with pytest.raises(PictureError, match=r"broken\.png"):
        open_rgb(tmp_path / "broken.png")


def test_a_cut_off_file_is_an_error_of_ours(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 90).save(buffer, "PNG")
    (tmp_path / "half.png").write_bytes(buffer.getvalue()[:900])
    with pytest.raises(PictureError, match=r"half\.png"):
        open_rgb(tmp_path / "half.png")


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(_png_header(60_000, 60_000))
    with pytest.raises(PictureError, match=r"bomb\.png"):
        open_rgb(tmp_path / "bomb.png")


def test_a_large_but_honest_picture_gives_no_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("1", (15, 10)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # Pillow warns above, and refuses twice as many
    assert open_rgb(tmp_path / "large.png").size == (15, 10)


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(PictureError):
        open_rgb(tmp_path)


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(99)))
        + chunk(b"IEND", b"")
    )
