"""What is imported when: the light parts stay light."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "diffusers", "transformers", "huggingface_hub")
LIGHT = (
    "wassily",
    "wassily.errors",
    "wassily.settings",
    "wassily.pixels",
    "wassily.request",
    "wassily.picture",
    "wassily.library",
    "wassily.surfaces",
    "wassily.surfaces.cli.app",
    "wassily.surfaces.cli.help",
    "wassily.engine.events",
)


def modules_after(code: str) -> set[str]:
    """The top-level modules that are loaded once some code has run in a fresh interpreter."""
    told = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{told}"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", LIGHT)
def test_no_torch_in_the_light_parts(module: str) -> None:
    loaded = modules_after(f"import {module}")
    assert module.partition(".")[0] in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("module", ["wassily", "wassily.surfaces.cli.app"])
def test_no_numpy_either_before_anything_is_asked_for(module: str) -> None:
    assert not modules_after(f"import {module}") & {"numpy", "PIL", "safetensors"}


def test_requests_need_no_torch() -> None:
    loaded = modules_after("import wassily; wassily.Text2Image(prompt='a'); wassily.Picture")
    assert "numpy" in loaded
    assert not loaded & set(HEAVY)
