"""One hierarchy of errors; each says what is wrong, why, and what to do about it."""

from typing import ClassVar


class WassilyError(Exception):
    """An error meant for the person who made the request.

    `what` is one clause in plain words, `why` the fact behind it, `fix` what to do next.
    `exit_code` is what the command line returns for it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str, fix: str) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}: {self.why}. {self.fix}."


class RequestError(WassilyError):
    """The request cannot mean anything: a value out of range, an empty mask, no sources."""

    exit_code = 2


class CapabilityError(WassilyError):
    """The request is sound, but this model cannot do it."""

    exit_code = 3


class PictureError(WassilyError):
    """A picture file cannot be read or written, or holds no settings."""

    exit_code = 4


class ModelMissing(WassilyError):
    """No such model on this machine, and none can be fetched."""

    exit_code = 5


class ModelBroken(WassilyError):
    """The model is there but cannot be used: unknown layout, damaged or wrong files."""

    exit_code = 6


class MachineError(WassilyError):
    """The machine cannot do it: no such device, too little memory or disk."""

    exit_code = 7
