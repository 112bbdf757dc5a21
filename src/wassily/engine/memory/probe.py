"""What this machine offers: the device and the number format to use on it."""

import os
from typing import Final

import torch

from wassily.errors import MachineError

DTYPES: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
_SHARE_OF_MEMORY: Final = 0.6


def choose_device(name: str) -> torch.device:
    """The torch device of a name, or the best one for "auto": cuda, xpu, mps, cpu.

    Raises MachineError when the device does not exist here.
    """
    present = [kind for kind in ("cuda", "xpu", "mps") if _is_present(kind)]
    if name == "auto":
        return torch.device(present[0] if present else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise _no_device(name, "it is not the name of a device") from error
    if device.type != "cpu" and device.type not in present:
        raise _no_device(name, f"torch sees {', '.join([*present, 'cpu'])} here")
    count = getattr(torch, device.type).device_count() if device.type in ("cuda", "xpu") else 1
    if device.index is not None and device.index >= count:
        raise _no_device(name, f"there are {count} of that kind")
    return device


def choose_dtype(name: str, *, device: torch.device, weights_bytes: int) -> torch.dtype:
    """The number format of a name; "auto" is float16 on GPUs, float32 on a CPU that holds it.

    `weights_bytes`: what the networks take in 32 bits. Raises MachineError for other names.
    """
    if name in DTYPES:
        return DTYPES[name]
    if name != "auto":
        raise MachineError(
            f"unknown number format {name!r}", why="the networks run in 16 or 32 bits",
            fix=f"use one of auto, {', '.join(DTYPES)}",
        )  # fmt: skip
    if device.type != "cpu":
        return torch.float16
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return torch.float32 if weights_bytes < _SHARE_OF_MEMORY * memory else torch.bfloat16


def _is_present(kind: str) -> bool:
    module = torch.backends.mps if kind == "mps" else getattr(torch, kind, None)
    return module is not None and bool(module.is_available())


def _no_device(name: str, why: str) -> MachineError:
    return MachineError(f"there is no device {name!r}", why=why, fix="use --device auto or cpu")
