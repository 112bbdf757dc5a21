"""Settings as the text that AUTOMATIC1111 writes below a picture, and back.

a red fox
Negative prompt: blurry
Steps: 25, Sampler: ddpm, CFG scale: 3.0, Seed: 7, Size: 512x512, Model: kandinsky-3
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from wassily.picture.json import as_text
from wassily.picture.recipe import Recipe

_NEGATIVE: Final = "Negative prompt: "
_NAME: Final = re.compile(r"\s*([\w][\w \-/()]{0,60}):\s*")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_LEAST_PAIRS: Final = 3  # a last line with fewer is part of the prompt


def write_infotext(recipe: Recipe, *, width: int, height: int, seed: int) -> str:
    """The text of a recipe; `width` and `height` are the finished picture's, px."""
    request = recipe.request
    pairs = {
        "Steps": request.get("steps"),
        "Sampler": request.get("sampler"),
        "CFG scale": request.get("guidance"),
        "Seed": seed,
        "Size": f"{width}x{height}",
        "Model hash": recipe.digest,
        "Model": recipe.model,
        "Denoising strength": request.get("strength"),
        "Version": f"wassily {recipe.versions.get('wassily', '')}".strip(),
    }
    lines = [as_text(request.get("prompt"))]
    if negative := as_text(request.get("negative")):
        lines.append(_NEGATIVE + negative)
    lines.append(
        ", ".join(f"{name}: {_quote(as_text(value))}" for name, value in pairs.items() if value is not None)
    )
    return "\n".join(lines).encode("utf-8", "replace").decode()


def parse_infotext(text: str) -> tuple[str, str, dict[str, str]]:
    """Prompt, negative prompt and the pairs of the last line."""
    *lines, last = text.strip().split("\n")
    pairs = dict(_scan_pairs(last))
    if len(pairs) < _LEAST_PAIRS:
        lines, pairs = [*lines, last], {}
    at = next((index for index, line in enumerate(lines) if line.startswith(_NEGATIVE.rstrip())), len(lines))
    negative = "\n".join(lines[at:]).removeprefix(_NEGATIVE.rstrip())
    return "\n".join(lines[:at]).strip(), negative.strip(), pairs


def _quote(value: str) -> str:
    if any(mark in value for mark in ',:\n"'):
        return json.dumps(value, ensure_ascii=False)
    return value


def _scan_pairs(line: str) -> Iterator[tuple[str, str]]:
    """Each `name: value` of a line; a value with commas stands in quotes."""
    at = 0
    while name := _NAME.match(line, at):
        at = name.end()
        if quoted := _QUOTED.match(line, at):
            yield name[1], _unquote(quoted[0])
            at = quoted.end()
        end = line.find(",", at)
        end = len(line) if end < 0 else end
        if not quoted:
            yield name[1], line[at:end].strip()
        at = end + 1


def _unquote(value: str) -> str:
    try:
        return as_text(json.loads(value))
    except ValueError:
        return value[1:-1]
