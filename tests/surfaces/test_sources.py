"""Only a number after the last colon is a weight, and what looks like a file is one."""

from pathlib import Path

import pytest
from PIL import Image

from wassily.errors import PictureError
from wassily.surfaces.cli.sources import read_source


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a fox", ("a fox", 1.0)),
        ("a fox:0.5", ("a fox", 0.5)),
        ("a fox : .5", ("a fox", 0.5)),
        ("a fox:-1", ("a fox", -1.0)),
        ("a fox:+2.", ("a fox", 2.0)),
        ("a fox: red", ("a fox: red", 1.0)),
        ("a fox: red:2", ("a fox: red", 2.0)),
        ("a:b:c", ("a:b:c", 1.0)),
        ("16:9:1", ("16:9", 1.0)),
        (":5", (":5", 1.0)),
        ("a fox:", ("a fox:", 1.0)),
        ("a fox:1e3", ("a fox:1e3", 1.0)),
        ("two\nlines:2", ("two\nlines", 2.0)),
        ("x" * 5000, ("x" * 5000, 1.0)),
        ("zero\0byte", ("zero\0byte", 1.0)),
    ],
)
def test_texts(given: str, expected: tuple[str, float]) -> None:
    assert read_source(given) == expected


def test_files(tmp_path: Path) -> None:
    photo, odd = tmp_path / "a b.png", tmp_path / "odd:2"
    for path in (photo, odd):
        Image.new("RGB", (1, 1)).save(path, "PNG")
    assert read_source(str(photo)) == (photo, 1.0)
    assert read_source(f"{photo}:0.3") == (photo, 0.3)
    assert read_source(str(odd)) == (odd, 1.0)


@pytest.mark.parametrize("given", ["fox.png", "fox.JPG:2", "C:\\pictures\\fox.webp", "e.safetensors:1"])
def test_a_file_that_is_not_there_is_no_text(given: str) -> None:
    with pytest.raises(PictureError, match="there is no"):
        read_source(given)
