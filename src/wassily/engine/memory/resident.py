"""The networks in memory: each is read when it is first needed, and kept until dropped."""

from collections.abc import Callable
from typing import Any

import torch

Network = Any  # diffusers' and transformers' modules, whose attributes mypy sees as Tensor | Module


class Resident:
    """The networks of one checkpoint by component name, on one device, in one number format."""

    def __init__(self, read: Callable[[str], Network], *, device: torch.device, dtype: torch.dtype) -> None:
        self._read = read
        self._networks: dict[str, Network] = {}
        self.device = device
        self.dtype = dtype

    def __getitem__(self, component: str) -> Network:
        if component not in self._networks:
            self._networks[component] = self._read(component)
        return self._networks[component]

    def drop(self, component: str) -> None:
        """Free a network; it is read again when asked for."""
        self._networks.pop(component, None)
