"""Pictures with the Kandinsky models 2.1, 2.2 and 3.

Every name is imported when it is first used: `import wassily` alone loads nothing, and torch is
loaded with `Engine` only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wassily.errors import WassilyError
    from wassily.make import Engine
    from wassily.picture import Picture
    from wassily.request import Embedding, Image2Image, Inpaint, Interpolate, Mix, Outpaint, Text2Image

__version__: Final = "0.1.0"

_HOMES: Final = {
    "Engine": "wassily.make",
    "Text2Image": "wassily.request",
    "Image2Image": "wassily.request",
    "Inpaint": "wassily.request",
    "Outpaint": "wassily.request",
    "Mix": "wassily.request",
    "Interpolate": "wassily.request",
    "Embedding": "wassily.request",
    "Picture": "wassily.picture",
    "WassilyError": "wassily.errors",
}


def __getattr__(name: str) -> Any:
    """One of the public names, from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module 'wassily' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)


__all__ = [
    "Embedding",
    "Engine",
    "Image2Image",
    "Inpaint",
    "Interpolate",
    "Mix",
    "Outpaint",
    "Picture",
    "Text2Image",
    "WassilyError",
    "__version__",
]
