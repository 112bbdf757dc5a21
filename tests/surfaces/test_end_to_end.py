"""The command line with a real engine on a tiny checkpoint: drawn, shown, and drawn again."""

import json

import numpy as np
import pytest
from PIL import Image

from tests.parity.pictures import hole, photo

PROMPT = "a red fox in a snowy forest"


@pytest.fixture
def wassily(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder and give (exit code, lines of results, what was told)."""
    from wassily.surfaces.cli.app import build_app

    monkeypatch.chdir(tmp_path)

    def run(*words):
        with pytest.raises(SystemExit) as stopped:
            build_app()([str(word) for word in words], prog_name="wassily")
        told = capsys.readouterr()
        return stopped.value.code or 0, told.out.splitlines(), told.err

    return run


@pytest.mark.parametrize("model", ["tiny21", "tiny22", "tiny3"])
@pytest.mark.parametrize("form", ["png", "webp"])
def test_pictures_of_a_batch_are_drawn_again_to_the_bit(wassily, request, model, form):
    folder = request.getfixturevalue(model)
    drawn = ["--model", folder, "--steps", 2, "--size", "70x64", "--seed", 5, "-n", 3, "--format", form]
    code, paths, _ = wassily("generate", PROMPT, *drawn)
    assert (code, len(paths)) == (0, 3)
    code, again, told = wassily("rerun", paths[1], "--json")
    assert code == 0
    [record] = map(json.loads, again)
    assert record["seed"] == 6
    if form == "png":
        assert record["identical"] is True
        assert "identical" in told
        assert np.array_equal(np.asarray(Image.open(paths[1])), np.asarray(Image.open(record["path"])))


def test_every_workflow_goes_through_the_command_line(wassily, tiny22, tmp_path):
    photo(80, 70).save(tmp_path / "photo.jpg")
    hole(80, 70).save(tmp_path / "mask.png")
    quick = ["--model", tiny22, "--steps", 1, "--prior-steps", 1, "--seed", 3]
    small = ["--size", "64x64"]
    commands = [
        ["transform", "photo.jpg", PROMPT, "--strength", 0.5],
        ["inpaint", "photo.jpg", "mask.png", PROMPT],
        ["outpaint", "photo.jpg", PROMPT, "--aspect", "16:9"],
        ["mix", "a cat:0.3", "photo.jpg:0.7", *small],
        ["interpolate", "a cat", "a dog", "--frames", 3, *small],
    ]
    for command in commands:
        code, paths, told = wassily(*command, *quick)
        assert code == 0, told
        assert len(paths) == (3 if command[0] == "interpolate" else 1)
        code, shown, _ = wassily("show", paths[0])
        assert code == 0
        assert any(line.startswith("seed") and "3" in line for line in shown)
        code, again, told = wassily("rerun", paths[-1], "--json")
        assert json.loads(again[0])["identical"] is True, told


def test_an_embedding_is_saved_and_drawn_from(wassily, tiny22):
    quick = ["--model", tiny22, "--seed", 3, "--prior-steps", 2]
    code, [path], _ = wassily("embed", "a cat", "-o", "cat.safetensors", *quick)
    assert (code, path) == (0, "cat.safetensors")
    small = ["--steps", 2, "--size", "64x64"]
    _, [from_file], _ = wassily("mix", "cat.safetensors", *small, "--model", tiny22, "--seed", 3)
    _, [from_text], _ = wassily("generate", "a cat", *small, *quick)
    assert np.array_equal(np.asarray(Image.open(from_file)), np.asarray(Image.open(from_text)))


def test_what_the_model_cannot_do_is_said(wassily, tiny3, tmp_path):
    photo(64, 64).save(tmp_path / "photo.png")
    code, paths, told = wassily("mix", "photo.png", "--model", tiny3)
    assert (code, paths) == (3, [])
    assert "mixes texts only" in told


def test_a_folder_that_is_no_model_is_said(wassily, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, told = wassily("generate", PROMPT, "--model", "./empty")
    assert code in (5, 6)
    assert "empty" in told
