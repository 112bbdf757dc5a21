"""Files, functions and classes keep to the project's measure."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "src" / "wassily").rglob("*.py"))

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
MOST_POSITIONAL = 3
GIVEN_BY_TYPER = {"_show_version(asked)", "_root(version)"}
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
BASES = {
    "Exception",
    "Protocol",
    "Module",
    "TypedDict",
    "Enum",
    "StrEnum",
    "NamedTuple",
    "Drawing",
    "WassilyError",
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_are_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_functions_are_short(path: Path) -> None:
    long = {each.name: _length(each) for each in functions(path) if _length(each) > LONGEST_FUNCTION}
    assert not long


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_few_parameters_go_by_position(path: Path) -> None:
    wide = {each.name for each in functions(path) if len(_positional(each)) > MOST_POSITIONAL}
    assert not wide


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_flag_goes_by_position(path: Path) -> None:
    flags = {
        f"{each.name}({argument.arg})"
        for each in functions(path)
        for argument in (*each.args.posonlyargs, *each.args.args)
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id == "bool"
    }
    assert flags <= GIVEN_BY_TYPER


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_modules_have_telling_names(path: Path) -> None:
    assert not BANNED_NAMES & set(path.with_suffix("").relative_to(ROOT).parts)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_is_inherited_but_contracts_and_errors(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    bases = {
        (each.name, ast.unparse(base).split("[")[0].split(".")[-1]) for each in classes for base in each.bases
    }
    assert not {(name, base) for name, base in bases if base not in BASES}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_no_module_changes_its_globals(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Global)]


def test_there_are_files_to_measure() -> None:
    assert len(FILES) > 20


def _length(function: ast.FunctionDef) -> int:
    """Lines from `def` to the end, the docstring not counted."""
    end = function.end_lineno or function.lineno
    docstring = function.body[0] if ast.get_docstring(function) else None
    skipped = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return end - function.lineno + 1 - skipped


def _positional(function: ast.FunctionDef) -> list[str]:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return [name for name in names if name not in ("self", "cls")]
