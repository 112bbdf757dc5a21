"""The recipe of a picture: all that it takes to make the same one again."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from wassily.errors import PictureError
from wassily.picture.json import Json, damaged, parse_object

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How one picture was made.

    `workflow`: a key of `request.WORKFLOWS`. `request`: the settled request as `values.describe`
    gives it, `count` 1 and this picture's own seed. `model`, `prior`: the names they were loaded
    by; `revision`: the hub's commit; `digest`: a hash of the weights, shown as "Model hash".
    `versions`: of wassily and the libraries that decide the pixels. `seconds`: time it took.
    `notes`: what the person was told while it was made. `batch`: the seeds drawn at once with this
    one, itself among them: alone it may differ by rounding.
    """

    workflow: str
    request: Mapping[str, Json]
    model: str
    family: str
    versions: Mapping[str, str]
    device: str
    dtype: str
    seconds: float
    prior: str | None = None
    revision: str | None = None
    digest: str | None = None
    notes: tuple[str, ...] = ()
    batch: tuple[int, ...] = ()

    def to_json(self) -> str:
        """The recipe as one line of ASCII, which every text field of every format can hold."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({"schema": SCHEMA, **values}, ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> "Recipe":
        """The recipe out of its text; raises PictureError when it is damaged or of a newer wassily."""
        values: dict[str, Any] = parse_object(text, of="the recipe")
        _check_schema(values.pop("schema", None))
        known = {field.name for field in fields(cls)}
        if missing := {"workflow", "request", "model", "family"} - values.keys():
            raise damaged("the recipe", f"it has no {min(missing)}")
        if unknown := values.keys() - known:
            raise damaged("the recipe", f"it has an unknown field {min(unknown)!r}")
        for name, value in values.items():
            if not _is_sound(name, value):
                raise damaged("the recipe", f"its {name} is not what it should be")
        empty = {"versions": {}, "device": "", "dtype": "", "seconds": 0.0}
        return cls(
            **{
                **empty,
                **values,
                "notes": tuple(values.get("notes", ())),
                "batch": tuple(values.get("batch", ())),
            }
        )


def _check_schema(schema: Json) -> None:
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        raise damaged("the recipe", f"its schema is {schema!r}")
    if schema > SCHEMA:
        raise PictureError(
            "this picture's recipe is too new",
            why=f"it is written in schema {schema}, and this wassily reads up to {SCHEMA}",
            fix="install a newer wassily",
        )


def _is_sound(name: str, value: Json) -> bool:
    match name:
        case "request":
            return isinstance(value, dict)
        case "versions":
            return isinstance(value, dict) and _all_are(str, value.values())
        case "notes" | "batch":
            return isinstance(value, list) and _all_are(str if name == "notes" else int, value)
        case "seconds":
            return type(value) in (int, float)
    return isinstance(value, str) or (value is None and name in ("prior", "revision", "digest"))


def _all_are(kind: type, values: Iterable[Json]) -> bool:
    return all(type(value) is kind for value in values)
