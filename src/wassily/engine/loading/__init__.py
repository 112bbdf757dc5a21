"""Find, verify and read the weights of a model.

Finding and listing need neither torch nor the model libraries, so these are imported here; what
needs them is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from wassily.engine.loading.checkpoint import Checkpoint, Family
from wassily.engine.loading.listing import ModelEntry, list_models
from wassily.engine.loading.search import find

if TYPE_CHECKING:
    from wassily.engine.loading.networks import load_network
    from wassily.engine.loading.processors import load_image_processor, load_tokenizer

__all__ = [
    "Checkpoint",
    "Family",
    "ModelEntry",
    "find",
    "list_models",
    "load_image_processor",
    "load_network",
    "load_tokenizer",
]

_LATER = {"load_image_processor": "processors", "load_network": "networks", "load_tokenizer": "processors"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
