"""The models that have a short name, and where they are published."""

from dataclasses import dataclass
from typing import Final

from wassily.engine.loading.checkpoint import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A published model. `prior`: the repository of a 2.x model's other half.

    `obstacle`: why a model cannot be fetched, and `way_round`: what to do then; None for most.
    """

    name: str
    family: Family
    repo: str
    prior: str | None = None
    inpaint: bool = False
    licence: str = "apache-2.0"
    obstacle: str | None = None
    way_round: str | None = None


_PRIOR_21: Final = "kandinsky-community/kandinsky-2-1-prior"
_PRIOR_22: Final = "kandinsky-community/kandinsky-2-2-prior"

PUBLISHED_PRIORS: Final = {"kandinsky-2.1": _PRIOR_21, "kandinsky-2.2": _PRIOR_22}

KNOWN: Final = (
    Known(
        name="kandinsky-2.1",
        family="kandinsky-2.1",
        repo="kandinsky-community/kandinsky-2-1",
        prior=_PRIOR_21,
    ),
    Known(
        name="kandinsky-2.1-inpaint",
        family="kandinsky-2.1",
        repo="kandinsky-community/kandinsky-2-1-inpaint",
        prior=_PRIOR_21,
        inpaint=True,
    ),
    Known(
        name="kandinsky-2.2",
        family="kandinsky-2.2",
        repo="kandinsky-community/kandinsky-2-2-decoder",
        prior=_PRIOR_22,
    ),
    Known(
        name="kandinsky-2.2-inpaint",
        family="kandinsky-2.2",
        repo="kandinsky-community/kandinsky-2-2-decoder-inpaint",
        prior=_PRIOR_22,
        inpaint=True,
    ),
    Known(
        name="kandinsky-3",
        family="kandinsky-3",
        repo="kandinsky-community/kandinsky-3",
    ),
    Known(
        name="kandinsky-3-inpaint",
        family="kandinsky-3",
        repo="ai-forever/Kandinsky3.1",
        inpaint=True,
        obstacle="ai-forever/Kandinsky3.1 holds it as a pickle only, which this program does not open",
        way_round=(
            "convert weights/kandinsky3_inpainting.pt to safetensors once, into a copy of the folder of"
            " kandinsky-3 whose unet/config.json says in_channels 9, and give that folder's path"
        ),
    ),
)


def find_known(name: str) -> Known | None:
    """Return the published model of this short name or repository, if there is one."""
    return next((known for known in KNOWN if name in (known.name, known.repo)), None)
