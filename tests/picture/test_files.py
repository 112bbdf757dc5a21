"""A picture file holds its pixels and its recipe, is written whole, and never over another."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.picture.examples import MASK, PHOTO, PROMPT, REQUESTS, assert_same, picture_of
from wassily.errors import PictureError
from wassily.picture import Picture, read_recipe, read_settings, request_of
from wassily.picture.files import write_new

LOSSLESS = (".png",)
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".PNG")


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_the_file_alone_gives_the_request_back(name: str, suffix: str, tmp_path: Path) -> None:
    path = picture_of(REQUESTS[name]).save(tmp_path / f"a{suffix}")
    assert_same(request_of(read_recipe(path)), REQUESTS[name])


@pytest.mark.parametrize("name", REQUESTS)
def test_a_jpeg_and_its_inputs_give_the_request_back(name: str, tmp_path: Path) -> None:
    path = picture_of(REQUESTS[name]).save(tmp_path / "a.jpg")
    assert_same(request_of(read_recipe(path), inputs=[PHOTO, MASK]), REQUESTS[name])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_script_survives(suffix: str, tmp_path: Path) -> None:
    settings = read_settings(picture_of(REQUESTS["text2image"]).save(tmp_path / f"a{suffix}"))
    assert settings.origin == "wassily"
    assert settings.prompt == PROMPT
    assert (settings.seed, settings.steps, settings.guidance) == (2**63 - 1, 25, 3.5)
    assert (settings.width, settings.height, settings.model) == (80, 70, "mini-3")


def test_png_gives_the_pixels_back(tmp_path: Path) -> None:
    picture = picture_of(REQUESTS["text2image"])
    with Image.open(picture.save(tmp_path / "a.png")) as image:
        assert np.array_equal(np.asarray(image), picture.pixels)


def test_webp_of_quality_100_gives_the_pixels_back(tmp_path: Path) -> None:
    picture = picture_of(REQUESTS["text2image"])
    with Image.open(picture.save(tmp_path / "a.webp", quality=100)) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), picture.pixels)


def test_the_text_below_a_png_is_as_automatic1111_writes_it(tmp_path: Path) -> None:
    with Image.open(picture_of(REQUESTS["text2image"]).save(tmp_path / "a.png")) as image:
        text = image.info["parameters"]
    assert text == (
        f"{PROMPT}\nNegative prompt: blurry\n"
        "Steps: 25, CFG scale: 3.5, Seed: 9223372036854775807, Size: 80x70, "
        "Model hash: 0123456789, Model: mini-3, Version: wassily 0.1.0"
    )


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_the_user_comment_is_marked_unicode_and_big_endian(suffix: str, tmp_path: Path) -> None:
    with Image.open(picture_of(REQUESTS["text2image"]).save(tmp_path / f"a{suffix}")) as image:
        comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert comment.startswith(b"UNICODE\0")
    assert comment.removeprefix(b"UNICODE\0").decode("utf-16-be").startswith(PROMPT)


@pytest.mark.parametrize("prompt", ["x" * 200_000, "лиса " * 8_000, "lone \udc80 surrogate", "zero \0 byte"])
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_odd_prompts_survive(prompt: str, suffix: str, tmp_path: Path) -> None:
    picture = picture_of(replace(REQUESTS["text2image"], prompt=prompt))
    path = picture.save(tmp_path / f"a{suffix}")
    assert read_recipe(path).request["prompt"] == prompt


def test_what_does_not_fit_into_a_jpeg_is_said(tmp_path: Path) -> None:
    noise = "".join(map(chr, np.random.default_rng(0).integers(0x4E00, 0x9FFF, 60_000)))
    with pytest.raises(PictureError, match="do not fit"):
        picture_of(replace(REQUESTS["text2image"], prompt=noise)).save(tmp_path / "a.jpg")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a.bmp", "a.tiff", ".png"])
def test_an_unknown_suffix_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="suffix"):
        picture_of(REQUESTS["text2image"]).save(tmp_path / name)


@pytest.mark.parametrize("quality", [0, 101])
def test_quality_has_its_range(quality: int, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="quality"):
        picture_of(REQUESTS["text2image"]).save(tmp_path / "a.jpg", quality=quality)


def test_a_taken_name_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"precious")
    with pytest.raises(PictureError, match="exists already"):
        picture_of(REQUESTS["text2image"]).save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"precious"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_dangling_link_counts_as_taken(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(PictureError, match="exists already"):
        picture_of(REQUESTS["text2image"]).save(tmp_path / "a.png")
    assert not (tmp_path / "elsewhere.png").exists()


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(PictureError, match="cannot be written"):
        picture_of(REQUESTS["text2image"]).save(tmp_path / "a" / "b.png")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(PictureError, match="No space left"):
        write_new(tmp_path / "a.png", b"data")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("taken", [False, True])
def test_without_hard_links_a_file_is_still_whole_and_new(
    taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", fail)
    if taken:
        (tmp_path / "a.png").write_bytes(b"precious")
        with pytest.raises(FileExistsError):
            write_new(tmp_path / "a.png", b"data")
    else:
        write_new(tmp_path / "a.png", b"data")
    assert (tmp_path / "a.png").read_bytes() == (b"precious" if taken else b"data")
    assert len(list(tmp_path.iterdir())) == 1


def test_new_files_have_the_usual_permissions(tmp_path: Path) -> None:
    write_new(tmp_path / "a.png", b"data")
    (tmp_path / "b.png").touch()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "b.png").stat().st_mode


def test_pixels_cannot_be_changed_afterwards() -> None:
    pixels = np.zeros((70, 80, 3), np.uint8)
    picture = Picture(pixels=pixels, seed=1, recipe=picture_of(REQUESTS["text2image"]).recipe)
    pixels[:] = 9
    assert picture.pixels.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1
    assert picture.kind == "picture"
    assert picture.image.size == (picture.width, picture.height) == (80, 70)


@pytest.mark.parametrize("text", ["{}", "not json", json.dumps({"schema": 99})])
def test_a_damaged_recipe_is_an_error_of_ours(text: str, tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("wassily", text)
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png", pnginfo=info)
    with pytest.raises(PictureError):
        read_settings(tmp_path / "a.png")
