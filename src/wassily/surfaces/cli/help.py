"""The command line's help as a Markdown page: `python -m wassily.surfaces.cli.help [--check] FILE`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from wassily.surfaces.cli.app import build_app

_HEAD: Final = """# The command line

<!-- Made by `make docs` from the program's own help; change that instead. -->

Paths of new pictures, or with `--json` one object for each, go to standard output; what is
being done, progress, notes and errors go to standard error. `NO_COLOR` is honoured.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | settings.toml or a `WASSILY_` variable is wrong |
| 2 | the request cannot mean anything: an unknown option, a value out of range |
| 3 | this model cannot do it |
| 4 | a picture file cannot be read or written, or holds no settings |
| 5 | there is no such model here, and it cannot be fetched |
| 6 | the model's files are damaged or of an unknown layout |
| 7 | the machine cannot do it: no such device, too little memory or disk |
| 130 | stopped by Ctrl-C; the pictures finished before are saved |
"""


def write_page() -> str:
    """The page: every command with its arguments and options, in the order of the program's help."""
    group: Any = typer.main.get_command(build_app())
    parts = [_HEAD]
    for name, command in group.commands.items():
        parts.append("\n".join(_write_command(name, command)))
    return "\n".join(parts)


def _write_command(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    usage = " ".join(f"{each.metavar}{'...' if each.nargs < 0 else ''}" for each in arguments)
    yield f"## wassily {name}\n"
    yield f"{command.help}\n"
    yield f"```\nwassily {f'{name} {usage}'.strip()} [OPTIONS]\n```\n"
    if arguments:
        yield "| argument | |\n|---|---|"
        yield from (f"| `{each.metavar}` | {_escape(each.help)} |" for each in arguments)
        yield ""
    yield "| option | | |\n|---|---|---|"
    for each in options:
        flags = ", ".join(f"`{flag}`" for flag in sorted(each.opts, key=len, reverse=True))
        kind = f"`{each.metavar}`" if each.metavar else ""
        yield f"| {flags} | {kind} | {_escape(each.help)}{_write_default(each)} |"
    yield ""


def _write_default(option: Any) -> str:
    if option.required:
        return " Required."
    return f" Default: {option.default}." if option.default not in (None, False, "") else ""


def _escape(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page, or with --check say whether it is up to date: exit code 1 when it is not."""
    check, (path, *_) = "--check" in arguments, [Path(each) for each in arguments if each != "--check"]
    page = write_page()
    if not check:
        path.write_text(page, "utf-8")
        return 0
    if path.is_file() and path.read_text("utf-8") == page:
        return 0
    sys.stderr.write(f"{path} is not what the command line's help says now; run `make docs`\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
