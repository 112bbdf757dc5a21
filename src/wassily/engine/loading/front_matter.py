"""The few lines of YAML that open a model's README: its licence and the prior that belongs to it."""

from pathlib import Path


def read_front_matter(folder: Path) -> dict[str, tuple[str, ...]]:
    """Read the fields between the two `---` lines that open README.md; empty where there are none.

    Understands what model cards use: `key: value`, `key: [a, b]`, and a list of `- value` lines.
    """
    try:
        lines = (folder / "README.md").read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError):
        return {}
    if not lines or lines[0].rstrip() != "---":
        return {}
    fields: dict[str, tuple[str, ...]] = {}
    key = ""
    for line in lines[1:]:
        text = line.strip()
        if text == "---":
            return fields
        if text.startswith("- ") and key:
            fields[key] += _split(text[2:])
        elif ":" in text and line[0] not in " #-":
            key, _, value = text.partition(":")
            fields[key] = _split(value)
    return {}


def _split(value: str) -> tuple[str, ...]:
    text = value.partition(" #")[0].strip()
    items = text[1:-1].split(",") if text.startswith("[") and text.endswith("]") else [text]
    return tuple(bare for item in items if (bare := item.strip().strip("\"'")))
