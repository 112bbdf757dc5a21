"""Every command that draws: flags become a request, pictures become files, paths go to standard output."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from wassily.picture import load_embedding, read_recipe, read_settings, save_embedding
from wassily.request import Embedding


@pytest.fixture
def photo(folder: Path) -> Path:
    Image.new("RGB", (96, 64), "red").save(folder / "photo.png")
    return folder / "photo.png"


@pytest.fixture
def mask(folder: Path) -> Path:
    Image.new("L", (96, 64), 255).save(folder / "mask.png")
    return folder / "mask.png"


def request_in(path: str | Path) -> dict[str, Any]:
    return dict(read_recipe(path).request)


def test_generate_writes_a_file_and_its_path(wassily: Any, folder: Path) -> None:
    result = wassily("generate", "a red fox", "--seed", "7")
    assert result.exit_code == 0
    assert result.stdout == "outputs/a-red-fox-7.png\n"
    assert "mini-3: one picture, 64x64, 4 steps, seed 7\n" in result.stderr
    assert read_settings(folder / "outputs" / "a-red-fox-7.png").prompt == "a red fox"


def test_every_option_reaches_the_request(wassily: Any) -> None:
    options = {
        "--negative": "blurry",
        "--steps": 9,
        "--guidance": 2.5,
        "--size": "128x96",
        "--seed": 3,
        "--sampler": "ddim",
        "--prior-steps": 5,
        "--prior-guidance": 1.5,
    }
    result = wassily("generate", "a fox", *(str(each) for pair in options.items() for each in pair))
    assert request_in(result.stdout.strip()) == {
        "prompt": "a fox",
        "negative": "blurry",
        "steps": 9,
        "guidance": 2.5,
        "width": 128,
        "height": 96,
        "seed": 3,
        "count": 1,
        "sampler": "ddim",
        "prior_steps": 5,
        "prior_guidance": 1.5,
    }


def test_several_pictures_have_a_line_each(wassily: Any, folder: Path) -> None:
    result = wassily("generate", "a fox", "-n", "3", "--seed", "7", "-d", "new/deep")
    assert result.stdout.split() == [f"new/deep/a-fox-{seed}.png" for seed in (7, 8, 9)]
    assert "3 pictures, 64x64, 4 steps, seeds 7 to 9" in result.stderr
    assert len(list((folder / "new" / "deep").iterdir())) == 3


def test_json_tells_all_about_each_picture(wassily: Any) -> None:
    result = wassily("generate", "a fox", "-n", "2", "--seed", "7", "--json")
    first, second = (json.loads(line) for line in result.stdout.splitlines())
    assert first["path"] == "outputs/a-fox-7.png"
    assert (first["seed"], first["width"], first["height"], first["seconds"]) == (7, 64, 64, 0.5)
    assert first["recipe"]["request"]["prompt"] == "a fox"
    assert second["seed"] == 8


def test_quiet_says_nothing_but_errors(wassily: Any) -> None:
    result = wassily("generate", "long fox", "--quiet", "--seed", "1")
    assert result.stderr == ""
    assert result.stdout == "outputs/long-fox-1.png\n"
    assert "error:" in wassily("generate", "impossible", "--quiet").stderr


def test_notes_go_to_standard_error(wassily: Any) -> None:
    result = wassily("generate", "long fox")
    assert "note: some words were cut\n" in result.stderr
    assert "words" not in result.stdout


@pytest.mark.parametrize(("form", "suffix", "kind"), [("jpeg", ".jpg", "JPEG"), ("webp", ".webp", "WEBP")])
def test_other_formats(wassily: Any, form: str, suffix: str, kind: str) -> None:
    result = wassily("generate", "a fox", "--seed", "7", "--format", form)
    assert result.stdout == f"outputs/a-fox-7{suffix}\n"
    with Image.open(result.stdout.strip()) as image:
        assert image.format == kind


def test_output_names_the_file(wassily: Any, folder: Path) -> None:
    assert wassily("generate", "a fox", "-o", "x/fox.webp").stdout == "x/fox.webp\n"
    assert (folder / "x" / "fox.webp").is_file()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["-o", "fox.bmp"], 4, "suffix"),
        (["-o", "fox"], 4, "suffix"),
        (["-o", "fox.png", "-n", "2"], 2, "several pictures"),
        (["-o", "fox.png", "-d", "x"], 2, "--output-dir"),
        (["-o", "fox.png", "--format", "webp"], 2, "different formats"),
        (["-o", "photo.png"], 4, "exists already"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_drawing(
    wassily: Any, photo: Path, options: list[str], code: int, said: str
) -> None:
    before = photo.read_bytes()
    result = wassily("generate", "a fox", *options)
    assert result.exit_code == code
    assert said in result.stderr
    assert "Drawing" not in result.stderr
    assert result.stdout == ""
    assert photo.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["generate", ""], 2, "the prompt is empty"),
        (["generate", "x", "--size", "big"], 2, "write it as 512x768"),
        (["generate", "x", "--size", "5x5"], 2, "width is 5"),
        (["generate", "x", "--size", "-5x64"], 2, "the size is"),
        (["generate", "x", "--steps", "0"], 2, "steps is 0"),
        (["generate", "x", "--steps", "many"], 2, "--steps"),
        (["generate", "x", "--seed", "-1"], 2, "seed is -1"),
        (["generate", "x", "--sampler", "euler"], 2, "dpm++2m"),
        (["generate", "x", "--dtype", "int8"], 2, "bfloat16"),
        (["generate", "x", "--bogus"], 2, "No such option"),
        (["generate"], 2, "Missing argument"),
        (["generate", "impossible"], 3, "use another model"),
        (["generate", "x", "-m", "missing"], 5, "see `wassily models`"),
        (["transform", "none.png", "x"], 4, "there is no picture none.png"),
        (["transform", "photo.png", "x", "--strength", "2"], 2, "strength is 2"),
        (["outpaint", "photo.png", "x"], 2, "the new canvas is not clear"),
        (["outpaint", "photo.png", "x", "--aspect", "wide"], 2, "16:9 or 1.78"),
        (["outpaint", "photo.png", "x", "--aspect", "16:0"], 2, "16:9 or 1.78"),
        (["inpaint", "photo.png", "black.png", "x"], 2, "black everywhere"),
        (["mix", "a:0", "b:0"], 2, "nothing to mix"),
        (["mix", "fox.png:0.5"], 4, "there is no picture fox.png"),
        (["interpolate", "a", "b", "--frames", "1"], 2, "frames is 1"),
        (["embed", "a"], 2, "--output"),
        (["embed", "a", "-o", "photo.png"], 4, "exists already"),
        (["embed", "a", "-o", "e.npy"], 4, ".safetensors"),
        (["show", "none.png"], 4, "there is no picture none.png"),
        (["show", "photo.png"], 4, "there are no settings"),
        (["rerun", "photo.png"], 4, "there are no settings"),
        (["nonsense"], 2, "No such command"),
    ],
)
def test_errors_say_what_and_have_their_exit_code(
    wassily: Any, photo: Path, arguments: list[str], code: int, said: str
) -> None:
    Image.new("L", (96, 64)).save(photo.with_name("black.png"))
    result = wassily(*arguments)
    assert result.exit_code == code
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_an_error_has_its_three_parts(wassily: Any) -> None:
    lines = [line.rstrip() for line in wassily("generate", "x", "-m", "missing").stderr.splitlines()]
    assert lines == [
        "error: there is no model 'missing'",
        "  why: no such name",
        "  fix: see `wassily models`",
    ]


def test_transform(wassily: Any, photo: Path) -> None:
    result = wassily("transform", str(photo), "a fox", "--strength", "0.5", "--size", "64x64")
    request = request_in(result.stdout.strip())
    assert request["strength"] == 0.5
    assert request["image"]["width"] == 96


def test_inpaint(wassily: Any, photo: Path, mask: Path) -> None:
    result = wassily("inpaint", str(photo), str(mask), "a fox", "--feather", "9")
    request = request_in(result.stdout.strip())
    assert (request["feather"], request["strength"], request["mask"]["mode"]) == (9, 1.0, "L")


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (["--left", "8", "--top", "4"], (104, 68)),
        (["--aspect", "2:1"], (128, 64)),
        (["--aspect", "2.0"], (128, 64)),
    ],
)
def test_outpaint(wassily: Any, photo: Path, options: list[str], size: tuple[int, int]) -> None:
    result = wassily("outpaint", str(photo), "a wood", *options)
    assert f"{size[0]}x{size[1]}" in result.stderr
    with Image.open(result.stdout.strip()) as image:
        assert image.size == size


def test_mix(wassily: Any, photo: Path, folder: Path) -> None:
    save_embedding(folder / "e.safetensors", Embedding(vector=np.ones(8), text="saved"))
    result = wassily("mix", "a fox: red", f"{photo}:0.25", "e.safetensors:2", "--prompt", "words")
    request = request_in(result.stdout.strip())
    assert request["prompt"] == "words"
    assert request["sources"][0] == {"text": "a fox: red", "weight": 1.0}
    assert request["sources"][1]["weight"] == 0.25
    assert request["sources"][1]["picture"]["width"] == 96
    assert request["sources"][2]["weight"] == 2.0
    assert request["sources"][2]["embedding"]["text"] == "saved"


def test_interpolate(wassily: Any) -> None:
    result = wassily("interpolate", "a cat", "a dog", "--frames", "3", "--seed", "5", "--end-seed", "6")
    paths = result.stdout.split()
    assert paths == [f"outputs/a-cat-a-dog-5-frame-00{frame}.png" for frame in range(3)]
    assert [request_in(path)["frame"] for path in paths] == [0, 1, 2]
    assert request_in(paths[0])["end_seed"] == 6
    assert "3 pictures" in result.stderr


def test_embed(wassily: Any, photo: Path, folder: Path) -> None:
    result = wassily("embed", "a fox:1", "ab:3", "-o", "e.safetensors", "--seed", "1")
    assert result.stdout == "e.safetensors\n"
    embedding = load_embedding(folder / "e.safetensors")
    assert embedding.text == "a fox + ab"
    assert embedding.vector.tolist() == [5 / 4 + 2 * 3 / 4] * 8
    assert wassily("embed", "e.safetensors", str(photo), "-o", "f.safetensors").exit_code == 0
    assert load_embedding(folder / "f.safetensors").text == "a fox + ab + photo.png"


def test_settings_are_used_and_options_win(wassily: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASSILY_OUTPUT_DIR", "elsewhere")
    monkeypatch.setenv("WASSILY_MODEL", "kandinsky-3")
    monkeypatch.setenv("WASSILY_DEVICE", "cpu")
    result = wassily("generate", "a", "--seed", "1")
    assert result.stdout == "elsewhere/a-1.png\n"
    assert "kandinsky-3:" in result.stderr
    assert "note: on cpu" in result.stderr
    assert wassily("generate", "a", "--seed", "1", "-d", "here", "-m", "mini-3").stdout == "here/a-1.png\n"


def test_wrong_settings_are_said(wassily: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASSILY_MODLE", "x")
    result = wassily("generate", "a")
    assert result.exit_code == 1
    assert "did you mean WASSILY_MODEL?" in result.stderr
