"""New pictures get readable names that every file system takes, and no file is ever replaced."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.picture.examples import EMBEDDING, PHOTO, REQUESTS, picture_of, recipe_of
from wassily.library import save_picture, slug_of
from wassily.picture import read_recipe
from wassily.request import Interpolate, Mix, Text2Image


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("A red fox, in a snowy forest!", "a-red-fox-in-a-snowy-forest"),
        ("Рыжая лиса в лесу", "рыжая-лиса-в-лесу"),
        ("雪の森の狐", "雪の森の狐"),
        ("हिन्दी में लोमड़ी", "हिन्दी-में-लोमड़ी"),
        ("cafe\u0301", "café"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\con?*<>|", "c-con"),
        ("--help", "help"),
        ("a\0b\nc", "a-b-c"),
        ("🦊🦊", ""),
        ("...", ""),
        ("\u202egnp.exe", "gnp-exe"),
    ],
)
def test_slugs(text: str, slug: str) -> None:
    assert slug_of(text) == slug


@pytest.mark.parametrize("text", ["word " * 100, "狐" * 500, "𠮷" * 500, "x" * 59 + " y" * 9])
def test_long_texts_are_cut_to_whole_characters(text: str) -> None:
    slug = slug_of(text)
    assert 0 < len(slug) <= 60
    assert len(slug.encode()) <= 180
    assert not slug.endswith("-")


def test_names_count_up_and_files_stay(tmp_path: Path) -> None:
    picture = picture_of(Text2Image(prompt="a fox", seed=7))
    names = [save_picture(picture, tmp_path / "new").name for _ in range(3)]
    assert names == ["a-fox-7.png", "a-fox-7-2.png", "a-fox-7-3.png"]
    assert read_recipe(tmp_path / "new" / names[2]) == picture.recipe


@pytest.mark.parametrize(("form", "suffix"), [("png", ".png"), ("jpeg", ".jpg"), ("webp", ".webp")])
def test_the_format_gives_the_suffix(form: str, suffix: str, tmp_path: Path) -> None:
    assert (
        save_picture(picture_of(Text2Image(prompt="a", seed=1)), tmp_path, form=form).name == f"a-1{suffix}"
    )


def test_frames_have_their_number(tmp_path: Path) -> None:
    request = Interpolate(start="a cat", end="a dog", seed=5)
    picture = replace(picture_of(request), recipe=recipe_of(request, frame=3))
    assert save_picture(picture, tmp_path).name == "a-cat-a-dog-5-frame-003.png"


def test_a_mix_is_named_after_its_texts(tmp_path: Path) -> None:
    assert save_picture(picture_of(REQUESTS["mix"]), tmp_path).name == "a-cat-or-not-4.png"
    nameless = Mix(sources=[(PHOTO, 1), (EMBEDDING, 1)], seed=6)
    assert save_picture(picture_of(nameless), tmp_path).name == "mix-6.png"


def test_a_name_taken_in_the_same_moment_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-1.png").write_bytes(b"precious")
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    assert save_picture(picture_of(Text2Image(prompt="a", seed=1)), tmp_path).name == "a-1-2.png"
    assert (tmp_path / "a-1.png").read_bytes() == b"precious"
