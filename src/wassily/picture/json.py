"""Plain JSON values, read without trusting whoever wrote them."""

import json
import math
from collections.abc import Mapping
from typing import Final, TypeAlias

from wassily.errors import PictureError

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

LONGEST_TEXT: Final = 64 * 2**20


def parse_json(text: str, *, of: str) -> Json:
    """The value a text holds; `of` names it in errors.

    Raises PictureError when the text is no JSON, is over 64 MiB or is nested too deeply.
    """
    if len(text) > LONGEST_TEXT:
        raise damaged(of, f"it is {len(text) >> 20} MiB long")
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(of, str(error) or "it is no JSON") from error
    return value


def parse_object(text: str, *, of: str) -> dict[str, Json]:
    """As `parse_json`, where only a JSON object will do."""
    value = parse_json(text, of=of)
    if not isinstance(value, dict):
        raise damaged(of, "it is JSON, but not an object")
    return value


def damaged(of: str, why: str) -> PictureError:
    """The error of a file whose settings cannot be read."""
    return PictureError(
        f"{of} is damaged", why=why, fix="use the file as it was first saved, if you still have it"
    )


def as_whole(value: Json) -> int | None:
    """A whole number, also out of a text such as "25" or a float such as 25.0; else None."""
    number = as_number(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value  # not by way of a float, which cannot hold every seed
    if isinstance(value, str) and value.strip().removeprefix("-").isdecimal() and len(value) < 30:
        return int(value)
    return int(number) if number is not None and number.is_integer() else None


def as_number(value: Json) -> float | None:
    """A finite number, also out of a text; else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_text(value: Json) -> str:
    """A text as it is, a list of texts joined by lines, anything else as JSON; None as ""."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(str(item) for item in value)
    return json.dumps(value, ensure_ascii=False)


def first_of(values: Mapping[str, Json], *names: str) -> Json:
    """The first of the named values that is there and says something."""
    for name in names:
        value = values.get(name)
        if value is not None and value != "":
            return value
    return None
