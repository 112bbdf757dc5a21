"""`show` reads any picture's settings; `rerun` draws it again and compares."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from wassily.picture import read_recipe, request_of
from wassily.surfaces.cli.records import in_company

FOREIGN = "a fox\nNegative prompt: bad\nSteps: 20, Sampler: Euler a, Seed: 42, Size: 96x64, Model: sd"


@pytest.fixture
def fox(wassily: Any) -> Path:
    return Path(wassily("generate", "a fox", "--seed", "7", "--negative", "bad").stdout.strip())


@pytest.fixture
def foreign(folder: Path) -> Path:
    info = PngInfo()
    info.add_text("parameters", FOREIGN)
    Image.new("RGB", (96, 64)).save(folder / "sd.png", pnginfo=info)
    return folder / "sd.png"


def test_show_is_for_people(wassily: Any, fox: Path) -> None:
    lines = [line.split(None, 1) for line in wassily("show", str(fox)).stdout.splitlines()]
    told = {name: value for name, value in lines if name not in ("made", "drawn")}
    assert told["prompt"] == "a fox"
    assert told["negative"] == "bad"
    assert (told["seed"], told["size"], told["model"]) == ("7", "64x64", "mini-3")
    assert told["versions"] == "wassily 0.1.0, torch 2.13.0"


def test_show_json_is_for_machines(wassily: Any, fox: Path) -> None:
    told = json.loads(wassily("show", str(fox), "--json").stdout)
    assert told["origin"] == "wassily"
    assert told["recipe"] == json.loads(read_recipe(fox).to_json())


def test_show_reads_other_programs(wassily: Any, foreign: Path) -> None:
    told = json.loads(wassily("show", str(foreign), "--json").stdout)
    assert (told["origin"], told["prompt"], told["sampler"]) == ("AUTOMATIC1111", "a fox", "Euler a")
    assert told["recipe"] is None


def test_show_keeps_long_lines_whole(wassily: Any) -> None:
    prompt = "a fox " * 60
    path = wassily("generate", prompt).stdout.strip()
    assert prompt.strip() in wassily("show", path).stdout


def test_show_lets_no_file_steer_the_terminal(wassily: Any, folder: Path) -> None:
    info = PngInfo()
    info.add_itxt("parameters", "\x1b[2J\x1b]0;title\x07 a \u202efox [bold red]\r\nNegative prompt: \x9b31m")
    Image.new("RGB", (8, 8)).save(folder / "evil.png", pnginfo=info)
    shown = wassily("show", "evil.png").stdout
    assert not {"\x1b", "\x07", "\u202e", "\x9b", "\r"} & set(shown)
    assert "[bold red]" in shown


def test_rerun_gives_the_same_pixels(wassily: Any, fox: Path) -> None:
    result = wassily("rerun", str(fox))
    assert result.stdout == "outputs/a-fox-7-2.png\n"
    assert f"The pixels are identical to those of {fox}." in result.stderr
    with Image.open(fox) as one, Image.open(result.stdout.strip()) as two:
        assert np.array_equal(np.asarray(one), np.asarray(two))


def test_rerun_json_says_whether_the_pixels_are_the_same(wassily: Any, fox: Path) -> None:
    assert json.loads(wassily("rerun", str(fox), "--json").stdout)["identical"] is True


def test_rerun_of_one_of_several(wassily: Any) -> None:
    _, second = wassily("generate", "a fox", "-n", "2", "--seed", "7").stdout.split()
    assert "identical" in wassily("rerun", second).stderr


def test_rerun_of_one_frame(wassily: Any) -> None:
    *_, last = wassily("interpolate", "a cat", "a dog", "--frames", "3").stdout.split()
    result = wassily("rerun", last)
    assert len(result.stdout.split()) == 1
    assert "identical" in result.stderr


@pytest.mark.parametrize(
    ("batch", "seeds"),
    [
        ((), (7,)),
        ((7,), (7,)),
        ((6, 7, 8), (6, 7, 8)),
        ((8, 7), (7,)),
        ((1, 2), (7,)),
        ((6, 7, 9), (7,)),
    ],
)
def test_rerun_draws_the_whole_batch(batch: tuple[int, ...], seeds: tuple[int, ...], fox: Path) -> None:
    recipe = replace(read_recipe(fox), batch=batch)
    assert in_company(request_of(recipe), recipe).seeds == seeds


def test_rerun_saves_one_picture_of_its_batch(wassily: Any, fox: Path) -> None:
    info = PngInfo()
    with Image.open(fox) as image:
        info.add_text("wassily", replace(read_recipe(fox), batch=(6, 7, 8)).to_json())
        image.save("one.png", pnginfo=info)
    result = wassily("rerun", "one.png")
    assert result.stdout == "outputs/a-fox-7-2.png\n"
    assert "identical" in result.stderr


def test_rerun_says_when_the_pixels_differ(wassily: Any, fox: Path) -> None:
    with Image.open(fox) as image:
        info = PngInfo()
        info.add_text("wassily", image.info["wassily"].replace('"seconds": 0.5', '"seconds": 0.25'))
        changed = image.copy()
    changed.putpixel((0, 0), (0, 0, 0))
    changed.save("changed.png", pnginfo=info)
    result = wassily("rerun", "changed.png", "--json")
    assert "The pixels are not identical to those of changed.png" in result.stderr
    assert json.loads(result.stdout)["identical"] is False


def test_rerun_says_that_a_jpeg_cannot_be_compared(wassily: Any) -> None:
    path = wassily("generate", "a fox", "--format", "jpeg").stdout.strip()
    assert "saved with losses" in wassily("rerun", path).stderr


def test_rerun_says_what_was_different(wassily: Any, fox: Path) -> None:
    result = wassily("rerun", str(fox), "--dtype", "bfloat16")
    assert "note: dtype was float32 and is bfloat16" in result.stderr


def test_rerun_of_a_jpeg_takes_its_inputs(wassily: Any, folder: Path) -> None:
    Image.new("RGB", (96, 64), "red").save(folder / "photo.png")
    path = wassily("transform", "photo.png", "a fox", "--format", "jpeg").stdout.strip()
    refused = wassily("rerun", path)
    assert refused.exit_code == 4
    assert "--input" in refused.stderr
    assert wassily("rerun", path, "--input", "photo.png").exit_code == 0


def test_rerun_of_another_programs_picture(wassily: Any, foreign: Path) -> None:
    result = wassily("rerun", str(foreign))
    assert result.exit_code == 0
    assert "note: AUTOMATIC1111 made this picture with sd" in result.stderr
    assert "Euler a" in result.stderr
    recipe = read_recipe(result.stdout.strip())
    assert (recipe.request["seed"], recipe.request["steps"], recipe.request["width"]) == (42, 20, 96)


def test_models_has_a_row_for_each(wassily: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = json.loads(wassily("models", "--json").stdout)
    lines = wassily("models").stdout.splitlines()
    assert {"name", "family", "status", "size_bytes", "licence", "can", "place"} == set(told[0])
    for model in told:
        assert any(line.startswith(model["name"]) for line in lines)
    assert max(map(len, lines)) <= 80
