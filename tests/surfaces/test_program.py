"""The program as a process: Ctrl-C, colours, the terminal, and how soon help appears."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

FAKE = Path(__file__).with_name("fake_engine.py")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def environ(folder: Path) -> dict[str, str]:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "src")))
    return {**os.environ, "PYTHONPATH": paths, "XDG_CONFIG_HOME": str(folder), "COLUMNS": "80"}


def start(environ: dict[str, str], *arguments: str, **more: Any) -> "subprocess.Popen[str]":
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [sys.executable, str(FAKE), *arguments]
    return subprocess.Popen(command, env=environ, text=True, **{**pipes, **more})


def test_ctrl_c_keeps_what_is_finished(environ: dict[str, str], folder: Path) -> None:
    with start(environ, "0.05", "generate", "a fox", "-n", "50", "--seed", "1") as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Stopping after this step" in errors
    assert "Traceback" not in errors
    paths = [first.strip(), *rest.split()]
    assert len(paths) < 50
    assert sorted(map(str, (folder / "outputs").iterdir())) == sorted(str(folder / path) for path in paths)


def test_a_second_ctrl_c_stops_at_once(environ: dict[str, str]) -> None:
    with start(environ, "600", "generate", "long fox", "--seed", "1") as process:
        assert process.stderr is not None
        assert any("words were cut" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        assert any("Stopping after this step" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize(("extra", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_honoured(environ: dict[str, str], extra: dict[str, str], coloured: bool) -> None:
    shown = run_on_terminal({**environ, "TERM": "xterm-256color", **extra}, "generate", "impossible")
    assert "mini-3 cannot do that" in shown
    assert ("\x1b[1;31m" in shown) is coloured


def test_the_bar_leaves_nothing_behind(environ: dict[str, str]) -> None:
    shown = run_on_terminal({**environ, "TERM": "xterm-256color"}, "generate", "a fox", "--seed", "1")
    assert "Drawing seed 1" in shown
    assert shown.rstrip().splitlines()[-1].endswith("outputs/a-fox-1.png")
    assert shown.count("\x1b[?25h") >= shown.count("\x1b[?25l")  # the cursor is given back


def test_help_imports_little_and_is_quick(environ: dict[str, str], record_property: Any) -> None:
    began = time.monotonic()
    command = [sys.executable, "-X", "importtime", "-m", "wassily", "--help"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    record_property("seconds", time.monotonic() - began)
    assert "generate" in done.stdout
    loaded = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert not loaded & {"torch", "diffusers", "transformers", "huggingface_hub", "numpy", "PIL"}


def test_version(environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "wassily", "--version"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "wassily 0.1.0\n"


def run_on_terminal(environ: dict[str, str], *arguments: str) -> str:
    """Everything that appears on a terminal of its own."""
    ours, theirs = pty.openpty()
    process = start(environ, "0.02", *arguments, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while select.select([ours], [], [], 120)[0]:
        try:
            shown += os.read(ours, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            break
    process.wait(timeout=120)
    os.close(ours)
    return shown.decode()
