"""The command that lists the models."""

from typing import TYPE_CHECKING

from rich.table import Table

from wassily.surfaces.cli.options import Json
from wassily.surfaces.cli.report import clean, open_results, print_json

if TYPE_CHECKING:
    from wassily.engine.loading import ModelEntry


def models(*, as_json: Json = False) -> None:
    """List the models that can be asked for by name."""
    from wassily.engine.loading import list_models
    from wassily.request import WORKFLOWS

    entries = list_models()
    if as_json:
        print_json([values_of(entry) for entry in entries])
        return
    console = open_results()
    console.print(table_of(entries))
    console.print(f"\nall: {', '.join(WORKFLOWS)}.")
    console.print("Any other model: give its hub id or its folder to --model.")


def table_of(entries: "list[ModelEntry]") -> Table:
    """The models as a table of at most 80 columns."""
    from wassily.request import WORKFLOWS

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("name", no_wrap=True)
    table.add_column("family", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("size", no_wrap=True, justify="right")
    table.add_column("licence", no_wrap=True)
    table.add_column("can")
    for entry in entries:
        size = _gigabytes(entry.size_bytes) if entry.size_bytes else ""
        state = {"known": "to download"}.get(entry.status, entry.status)
        family = entry.family.removeprefix("kandinsky-")
        can = "all" if set(entry.can) == set(WORKFLOWS) else ", ".join(entry.can)
        cells = (entry.name, family, state, size, entry.licence or "", can)
        table.add_row(*(clean(text) for text in cells))
    return table


def values_of(entry: "ModelEntry") -> dict[str, object]:
    """A model as JSON values."""
    names = ("name", "family", "status", "size_bytes", "licence", "can", "place")
    return {name: getattr(entry, name) for name in names}


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
