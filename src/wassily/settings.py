"""What a person set once and for all: the only reader of the environment and of settings.toml.

Each setting has a key in `[~/.config]/wassily/settings.toml` and a variable, which wins:

    model = "mini-3"                  WASSILY_MODEL
    device = "auto"                   WASSILY_DEVICE
    dtype = "auto"                    WASSILY_DTYPE
    output_dir = "outputs"            WASSILY_OUTPUT_DIR
    cache_dir = "~/.cache/wassily"    WASSILY_CACHE_DIR
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

from wassily.errors import WassilyError

_PREFIX: Final = "WASSILY_"
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"dtype": ("auto", "float32", "bfloat16", "float16")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The settings, or their defaults.

    `model`: a name or a folder. `device`: auto, cpu, cuda, cuda:N or mps. `dtype`: auto, float32,
    bfloat16 or float16. `output_dir`: where pictures go. `cache_dir`: what wassily computes once and
    keeps; downloaded weights are where HF_HOME and HF_HUB_CACHE say.
    """

    model: str = "mini-3"
    device: str = "auto"
    dtype: str = "auto"
    output_dir: Path = Path("outputs")
    cache_dir: Path = field(default_factory=lambda: Path("~/.cache/wassily").expanduser())


def read_preferences(environ: Mapping[str, str] | None = None) -> Preferences:
    """The settings of the file and the environment together.

    Raises WassilyError on an unknown key, a wrong type or a value that cannot be.
    """
    environ = os.environ if environ is None else environ
    path = settings_path(environ)
    given = {"cache_dir": str(_cache_path(environ))} | _read_file(path) | _read_environ(environ)
    folders = {name: Path(value).expanduser() for name, value in given.items() if name.endswith("_dir")}
    texts = {name: value for name, value in given.items() if name not in folders}
    return Preferences(**texts, **folders)  # type: ignore[arg-type]  # names and types are checked above


def settings_path(environ: Mapping[str, str]) -> Path:
    """Where settings.toml is looked for."""
    base = environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME") or Path.home()) / ".config"
    return Path(base) / "wassily" / "settings.toml"


def _cache_path(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_CACHE_HOME") or "~/.cache") / "wassily"


def _read_file(path: Path) -> dict[str, str]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise WassilyError(
            f"{path} cannot be read", why=str(error), fix="correct it, or move it away"
        ) from error
    for name, value in values.items():
        _check(name, value, where=f"in {path}", shown=name, known=_names())
    return {name: str(value) for name, value in values.items()}


def _read_environ(environ: Mapping[str, str]) -> dict[str, str]:
    values = {}
    for variable, value in environ.items():
        if not variable.startswith(_PREFIX) or not value:
            continue
        name = variable.removeprefix(_PREFIX).lower()
        known = [_PREFIX + each.upper() for each in _names()]
        _check(name, value, where="in the environment", shown=variable, known=known)
        values[name] = value
    return values


def _check(name: str, value: object, *, where: str, shown: str, known: Iterable[str]) -> None:
    if name not in _names():
        near = difflib.get_close_matches(shown, known, n=1)
        raise WassilyError(
            f"there is an unknown setting {shown} {where}",
            why=f"the settings are {', '.join(known)}",
            fix=f"did you mean {near[0]}?" if near else "remove it",
        )
    if not isinstance(value, str) or not value.strip():
        raise WassilyError(
            f"the setting {shown} {where} is {value!r}",
            why="it must be a text that is not empty",
            fix=f'write it in quotes, such as {shown} = "auto"',
        )
    if name in _CHOICES and value not in _CHOICES[name]:
        raise WassilyError(
            f"the setting {shown} {where} is {value!r}",
            why="there is no such choice",
            fix=f"use one of {', '.join(_CHOICES[name])}",
        )


def _names() -> tuple[str, ...]:
    return tuple(each.name for each in fields(Preferences))
