"""The page of the command line says what the program says."""

from pathlib import Path

from wassily.request import SAMPLERS, WORKFLOWS
from wassily.settings import Preferences
from wassily.surfaces.cli.app import COMMANDS
from wassily.surfaces.cli.help import main, write_page

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_in_the_docs_is_current() -> None:
    assert main(["--check", str(PAGE)]) == 0, "run `make docs`"


def test_an_old_page_is_noticed(tmp_path: Path, capsys: object) -> None:
    (tmp_path / "cli.md").write_text("old", "utf-8")
    assert main(["--check", str(tmp_path / "cli.md")]) == 1
    assert main([str(tmp_path / "cli.md")]) == 0
    assert main(["--check", str(tmp_path / "cli.md")]) == 0


def test_every_command_has_its_part() -> None:
    page = write_page()
    for command in COMMANDS:
        assert f"## wassily {command.__name__}\n" in page
        assert command.__doc__ is not None
        assert command.__doc__ in page


def test_every_sampler_and_default_is_named() -> None:
    page = write_page()
    assert f"{', '.join(SAMPLERS[:-1])} or {SAMPLERS[-1]}." in page
    assert Preferences().model in page
    assert str(Preferences().output_dir) in page


def test_there_is_a_command_for_every_workflow() -> None:
    names = {command.__name__ for command in COMMANDS}
    renamed = {"text2image": "generate", "image2image": "transform"}
    assert {renamed.get(workflow, workflow) for workflow in WORKFLOWS} <= names
