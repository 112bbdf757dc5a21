"""Settings of other programs are read as they write them, and hostile ones do no harm."""

import json
import random
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from wassily.errors import PictureError, WassilyError
from wassily.picture import Settings, read_settings, text2image_of

A1111 = (
    "a red fox, (snow:1.2)\nin a forest\nNegative prompt: blurry,\nugly\n"
    "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 42, Size: 512x768, Model hash: abc, "
    'Model: sd "x", Lora hashes: "a: 1, b: 2", Version: v1.9'
)
COMFY: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": ["20", 0],
            "steps": 20,
            "cfg": 8.0,
            "sampler_name": "ddim",
            "scheduler": "normal",
            "denoise": 1,
            "model": ["10", 0],
            "positive": ["12", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 512, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["21", 0], "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "8": {
        "class_type": "KSampler",
        "inputs": {"seed": 1, "steps": 9, "denoise": 0.4, "positive": ["7", 0], "latent_image": ["3", 0]},
    },
    "10": {"class_type": "LoraLoader", "inputs": {"lora_name": "x", "model": ["4", 0]}},
    "12": {"class_type": "ConditioningCombine", "inputs": {"conditioning_1": ["6", 0]}},
    "20": {"class_type": "PrimitiveInt", "inputs": {"value": 18446744073709551615}},
    "21": {"class_type": "PrimitiveString", "inputs": {"value": "a red fox"}},
}
COMFY_SCREEN = {
    "nodes": [
        {
            "id": 3,
            "type": "KSampler",
            "widgets_values": [7, "fixed", 25, 6.5, "lcm", "karras", 1],
            "inputs": [
                {"name": "model", "link": 1},
                {"name": "positive", "link": 4},
                {"name": "negative", "link": 6},
                {"name": "latent_image", "link": 2},
            ],
        },
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["sd.ckpt"]},
        {"id": 5, "type": "EmptyLatentImage", "widgets_values": [512, 320, 1]},
        {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["a fox"]},
        {"id": 7, "type": "CLIPTextEncode", "widgets_values": ["bad"]},
    ],
    "links": [[1, 4, 0, 3, 0, "MODEL"], [4, 6, 0, 3, 1, "C"], [6, 7, 0, 3, 2, "C"], [2, 5, 0, 3, 3, "L"]],
}
INVOKE = {
    "positive_prompt": "a fox",
    "negative_prompt": "bad",
    "steps": 30,
    "cfg_scale": 7.5,
    "seed": 3,
    "width": 512,
    "height": 640,
    "scheduler": "ddim",
    "model": {"name": "sdxl", "hash": "x"},
}
OLD_INVOKE = {
    "model": "stable diffusion",
    "model_weights": "sd-1.4",
    "image": {
        "prompt": [{"prompt": "a fox", "weight": 1}],
        "steps": 50,
        "cfg_scale": 7,
        "seed": 5,
        "width": 512,
        "height": 512,
        "sampler": "k_lms",
    },
}
KUBIN = {
    "prompt": "лиса",
    "negative_prompt": "",
    "negative_decoder_prompt": "плохо",
    "num_steps": 100,
    "guidance_scale": 4,
    "w": 768,
    "h": 512,
    "sampler": "p_sampler",
    "input_seed": 11,
    "prior_cf_scale": 4,
    "model_name": "kd22",
}
FOOOCUS = {
    "prompt": "a fox",
    "negative_prompt": "bad",
    "steps": 30,
    "guidance_scale": 4.0,
    "resolution": "(1152, 896)",
    "seed": "99",
    "sampler": "dpmpp_2m_sde_gpu",
    "base_model": "jx",
    "styles": "['a']",
}


def png(folder: Path, **texts: str) -> Path:
    info = PngInfo()
    for name, text in texts.items():
        info.add_itxt(name.replace("_DASH_", "-"), text)
    Image.new("RGB", (64, 48)).save(folder / "a.png", pnginfo=info)
    return folder / "a.png"


def core(settings: Settings) -> tuple[object, ...]:
    return (
        settings.prompt,
        settings.negative,
        settings.steps,
        settings.guidance,
        settings.seed,
        (settings.width, settings.height),
        settings.sampler,
        settings.model,
    )


def test_automatic1111(tmp_path: Path) -> None:
    settings = read_settings(png(tmp_path, parameters=A1111))
    assert settings.origin == "AUTOMATIC1111"
    assert core(settings) == (
        "a red fox, (snow:1.2)\nin a forest",
        "blurry,\nugly",
        20,
        7.5,
        42,
        (512, 768),
        "DPM++ 2M Karras",
        'sd "x"',
    )
    assert dict(settings.rest) == {"Model hash": "abc", "Lora hashes": "a: 1, b: 2", "Version": "v1.9"}


@pytest.mark.parametrize("coding", ["utf-16-be", "utf-16-le", "utf-16"])
@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_automatic1111_in_exif(coding: str, suffix: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + ("狐 " + A1111).encode(coding)
    Image.new("RGB", (64, 48)).save(tmp_path / f"a{suffix}", exif=exif)
    settings = read_settings(tmp_path / f"a{suffix}")
    assert settings.prompt.startswith("狐 a red fox")
    assert settings.seed == 42


def test_a_prompt_alone(tmp_path: Path) -> None:
    settings = read_settings(png(tmp_path, parameters="a fox: red, quick\nand so on"))
    assert settings.prompt == "a fox: red, quick\nand so on"
    assert (settings.width, settings.height) == (64, 48)


def test_comfyui(tmp_path: Path) -> None:
    settings = read_settings(png(tmp_path, prompt=json.dumps(COMFY), workflow="{}"))
    assert settings.origin == "ComfyUI"
    seed = 18446744073709551615
    assert core(settings) == ("a red fox", "blurry", 20, 8.0, seed, (640, 512), "ddim", "sd15.safetensors")
    assert dict(settings.rest) == {"scheduler": "normal"}


def test_comfyui_with_the_screen_only(tmp_path: Path) -> None:
    settings = read_settings(png(tmp_path, workflow=json.dumps(COMFY_SCREEN)))
    assert core(settings) == ("a fox", "bad", 25, 6.5, 7, (512, 320), "lcm", "sd.ckpt")


def test_comfyui_in_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "prompt:" + json.dumps(COMFY)
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp", exif=exif)
    assert read_settings(tmp_path / "a.webp").prompt == "a red fox"


def test_a_graph_that_goes_in_circles_ends(tmp_path: Path) -> None:
    looped = {**COMFY, "6": {"class_type": "X", "inputs": {"text": ["12", 0]}}}
    settings = read_settings(png(tmp_path, prompt=json.dumps(looped)))
    assert settings.prompt == ""
    assert settings.negative == "blurry"


def test_invokeai(tmp_path: Path) -> None:
    settings = read_settings(png(tmp_path, invokeai_metadata=json.dumps(INVOKE)))
    assert settings.origin == "InvokeAI"
    assert core(settings) == ("a fox", "bad", 30, 7.5, 3, (512, 640), "ddim", "sdxl")


def test_old_invokeai(tmp_path: Path) -> None:
    settings = read_settings(png(tmp_path, sd_DASH_metadata=json.dumps(OLD_INVOKE)))
    assert core(settings) == ("a fox", "", 50, 7.0, 5, (512, 512), "k_lms", "sd-1.4")


def test_kubin(tmp_path: Path) -> None:
    settings = read_settings(png(tmp_path, kubin_image_metadata=json.dumps(KUBIN)))
    assert settings.origin == "kubin"
    assert core(settings) == ("лиса", "плохо", 100, 4.0, 11, (768, 512), "p_sampler", "kd22")
    assert ("prior_cf_scale", "4") in settings.rest


def test_fooocus(tmp_path: Path) -> None:
    settings = read_settings(png(tmp_path, fooocus_scheme="fooocus", parameters=json.dumps(FOOOCUS)))
    assert settings.origin == "Fooocus"
    assert core(settings) == ("a fox", "bad", 30, 4.0, 99, (1152, 896), "dpmpp_2m_sde_gpu", "jx")


def test_fooocus_in_the_other_scheme(tmp_path: Path) -> None:
    settings = read_settings(png(tmp_path, fooocus_scheme="a1111", parameters=A1111))
    assert (settings.origin, settings.seed) == ("Fooocus", 42)


def test_fooocus_in_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x9286] = json.dumps(FOOOCUS)
    exif[0x927C] = "fooocus"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    settings = read_settings(tmp_path / "a.jpg")
    assert (settings.origin, settings.seed) == ("Fooocus", 99)


def test_a_picture_without_settings_says_so(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="no settings"):
        read_settings(png(tmp_path, Comment="taken in Bern"))


@pytest.mark.parametrize(
    "texts",
    [
        {"invokeai_metadata": "[" * 200_000},
        {"invokeai_metadata": "null"},
        {"sd_DASH_metadata": '{"image": [1, 2]}'},
        {"kubin_image_metadata": '{"prompt": {"a": 1}, "seed": "x", "w": 1e999, "h": NaN}'},
        {"fooocus_scheme": "fooocus"},
        {"fooocus_scheme": "fooocus", "parameters": "{"},
        {"prompt": '{"1": {"class_type": "KSampler", "inputs": {"positive": ["1", 0], "seed": []}}}'},
        {"prompt": "[]"},
        {"prompt": '{"1": 5, "2": {"class_type": 1}, "3": {"class_type": "KSampler", "inputs": []}}'},
        {"workflow": '{"nodes": [1, null, {"id": {}, "type": "KSampler", "widgets_values": {}}]}'},
        {"workflow": '{"nodes": {"a": 1}, "links": [[1], [], 7]}'},
        {"parameters": ""},
        {"parameters": "\n\n\n"},
        {"parameters": "a: " * 100_000},
        {"parameters": '"' * 100_000 + "\\" * 1000},
        {"parameters": "Steps: " + "9" * 5000 + ", Seed: 1, Size: 1x1"},
        {"wassily": "{}"},
    ],
)
def test_hostile_texts_are_read_or_refused(texts: dict[str, str], tmp_path: Path) -> None:
    told = ""
    try:
        settings = read_settings(png(tmp_path, **texts))
    except PictureError as refusal:
        told = refusal.fix
    else:
        told = settings.origin
        assert all(len(value) <= 2000 for _, value in settings.rest)
    assert told


def test_random_changes_to_a_file_do_no_harm(tmp_path: Path) -> None:
    """Eight hundred damaged files: each is read, or refused with an error of ours."""
    data = png(tmp_path, parameters=A1111, prompt=json.dumps(COMFY)).read_bytes()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + A1111.encode("utf-16-be")
    Image.new("RGB", (64, 48)).save(tmp_path / "a.jpg", exif=exif)
    chance = random.Random(0)
    read = refused = 0
    for original in (data, (tmp_path / "a.jpg").read_bytes()):
        for _ in range(400):
            damaged = bytearray(original)
            for _ in range(chance.randrange(1, 8)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            (tmp_path / "b.bin").write_bytes(damaged[: chance.randrange(1, len(damaged) * 2)])
            try:
                read_settings(tmp_path / "b.bin")
                read += 1
            except WassilyError:
                refused += 1
    assert read > 50
    assert refused > 50


def test_a_compressed_bomb_in_exif_is_refused(tmp_path: Path) -> None:
    exif = Image.Exif()
    bomb = zlib.compress(bytes(100 * 2**20), 9)
    exif.get_ifd(0x8769)[0x927C] = b"wassily\0" + bomb
    Image.new("RGB", (8, 8)).save(tmp_path / "a.webp", exif=exif)
    with pytest.raises(PictureError, match="too long"):
        read_settings(tmp_path / "a.webp")


def test_another_programs_settings_become_a_request() -> None:
    settings = Settings(
        origin="AUTOMATIC1111",
        prompt="a fox",
        negative="bad",
        steps=20,
        guidance=7.5,
        seed=42,
        width=512,
        height=768,
        sampler="DPM++ 2M Karras",
        model="sd",
    )
    request, notes = text2image_of(settings)
    assert (request.prompt, request.negative, request.steps, request.seed) == ("a fox", "bad", 20, 42)
    assert (request.width, request.height, request.sampler) == (512, 768, "dpm++2m-karras")
    assert notes == ("AUTOMATIC1111 made this picture with sd",)


def test_what_does_not_fit_is_left_out_with_a_note() -> None:
    settings = Settings(
        origin="ComfyUI", prompt="a", seed=2**64 - 1, steps=0, width=32, height=512, sampler="euler"
    )
    request, notes = text2image_of(settings)
    assert request.steps is None
    assert request.width is None
    assert request.height == 512
    assert request.first_seed < 2**32
    assert len(notes) == 5
    assert any("euler" in note for note in notes)


def test_settings_without_a_prompt_make_no_request() -> None:
    with pytest.raises(WassilyError, match="prompt is empty"):
        text2image_of(Settings(origin="ComfyUI"))
