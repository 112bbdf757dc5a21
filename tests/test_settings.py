"""Settings come from one file and the environment, and nothing wrong in them passes in silence."""

from pathlib import Path

import pytest

from wassily.errors import WassilyError
from wassily.settings import Preferences, read_preferences, settings_path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "wassily"
    folder.mkdir()
    return folder / "settings.toml"


def read(config: Path, **environ: str) -> Preferences:
    return read_preferences({"XDG_CONFIG_HOME": str(config.parent.parent), **environ})


def test_without_a_file_the_defaults_hold(config: Path) -> None:
    assert read(config) == Preferences()


def test_the_file_is_read(config: Path) -> None:
    config.write_text('model = "kandinsky-2.2"\noutput_dir = "~/pictures"\n', "utf-8")
    preferences = read(config)
    assert preferences.model == "kandinsky-2.2"
    assert preferences.output_dir == Path.home() / "pictures"
    assert preferences.device == "auto"


def test_the_environment_wins(config: Path) -> None:
    config.write_text('device = "cpu"\ndtype = "float32"\n', "utf-8")
    preferences = read(config, WASSILY_DEVICE="cuda", WASSILY_CACHE_DIR="/models")
    assert (preferences.device, preferences.dtype) == ("cuda", "float32")
    assert preferences.cache_dir == Path("/models")


def test_an_empty_variable_is_as_good_as_none(config: Path) -> None:
    assert read(config, WASSILY_MODEL="").model == "mini-3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('modle = "x"', "did you mean model?"),
        ("model = 3", "must be a text"),
        ('model = ""', "must be a text"),
        ('dtype = "float64"', "float32"),
        ("model = ", "cannot be read"),
        ("[model]\nname = 'x'", "must be a text"),
        ("zebra = 'x'", "unknown setting zebra"),
    ],
)
def test_a_mistake_in_the_file_is_said_aloud(config: Path, text: str, said: str) -> None:
    config.write_text(text, "utf-8")
    with pytest.raises(WassilyError) as mistake:
        read(config)
    assert said in str(mistake.value)


def test_a_file_that_is_no_text_is_said_aloud(config: Path) -> None:
    config.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WassilyError, match="cannot be read"):
        read(config)


def test_a_mistaken_variable_is_said_aloud(config: Path) -> None:
    with pytest.raises(WassilyError, match="did you mean WASSILY_DEVICE"):
        read(config, WASSILY_DEVICES="cpu")


def test_the_file_is_under_home_without_xdg() -> None:
    assert settings_path({"HOME": "/root"}) == Path("/root/.config/wassily/settings.toml")
