"""New files, whole or not at all, and never in the place of an old one."""

import os
import secrets
from pathlib import Path

from wassily.errors import PictureError


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet; it appears under its name only when it is complete.

    Raises FileExistsError when the name is taken, and PictureError when it cannot be written.
    """
    passing = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _write_durably(passing, data)
            _give_name(passing, path)
        finally:
            passing.unlink(missing_ok=True)
        _flush_folder(path.parent)
    except FileExistsError:
        if path.parent.is_dir():
            raise
        raise _unwritable(path, f"{path.parent} is not a folder") from None
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def write_named(path: Path, data: bytes) -> None:
    """As `write_new`, for a name somebody chose: a taken one is a PictureError."""
    try:
        write_new(path, data)
    except FileExistsError as error:
        raise taken(path) from error


def taken(path: Path) -> PictureError:
    """The error of a name that a file has already."""
    return PictureError(
        f"{path} exists already",
        why="no picture is ever overwritten",
        fix="choose another name, or move it away",
    )


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _give_name(passing: Path, path: Path) -> None:
    """Name a finished file, which fails when the name is taken."""
    try:
        path.hardlink_to(passing)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here, as on FAT: take the name with an empty file, then replace that.
        path.open("xb").close()
        passing.replace(path)


def _flush_folder(folder: Path) -> None:
    """Make the new name durable as well, where a folder can be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(path: Path, why: str) -> PictureError:
    return PictureError(
        f"{path} cannot be written", why=why, fix="choose a folder with room that you may write to"
    )
