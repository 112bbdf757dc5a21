"""The checks that every request makes of its values."""

import math

from wassily.errors import RequestError


def check_text(name: str, value: object) -> None:
    """Refuse what is no text. Raises RequestError naming the value."""
    if not isinstance(value, str):
        raise RequestError(
            f"{name} is not a text",
            why=f"it is of type {type(value).__name__}",
            fix="give one str; for several pictures make several requests",
        )


def check_prompt(prompt: str) -> None:
    """Refuse a prompt that says nothing. Raises RequestError naming the value."""
    if not prompt.strip():
        raise RequestError(
            "the prompt is empty",
            why="the model draws what the words say",
            fix="say what the picture should show, such as 'a red fox in a snowy forest'",
        )


def check_whole(name: str, value: object, *, low: int, high: int) -> None:
    """Refuse all but None and whole numbers from `low` to `high`. Raises RequestError naming the value."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestError(
            f"{name} is {value!r}", why="it must be a whole number", fix=f"give one from {low} to {high}"
        )
    if not low <= value <= high:
        raise RequestError(
            f"{name} is {value}",
            why=f"it must lie between {low} and {high}",
            fix="choose a value in that range",
        )


def check_number(name: str, value: object, *, low: float, high: float) -> None:
    """Refuse all but None and finite numbers from `low` to `high`. Raises RequestError naming the value."""
    if value is None:
        return
    endless = isinstance(value, float) and not math.isfinite(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or endless:
        raise RequestError(
            f"{name} is {value!r}", why="it must be a number", fix=f"give one from {low:g} to {high:g}"
        )
    if not low <= value <= high:
        raise RequestError(
            f"{name} is {value}",
            why=f"it must lie between {low:g} and {high:g}",
            fix="choose a value in that range",
        )
