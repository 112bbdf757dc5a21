"""Which model a folder holds, told from model_index.json and the configs, never from its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from wassily.engine.loading.checkpoint import SETTINGS, Family, read_json
from wassily.engine.loading.layout import NETWORKS, NULL_EMBEDDING, PRIOR_NETWORKS, list_parts, weight_files
from wassily.engine.loading.vocabulary import check_vocabulary
from wassily.errors import ModelBroken

_FAMILY_BY_CONDITION: Final[dict[tuple[str, str], Family]] = {
    ("text_image_proj", "text_image"): "kandinsky-2.1",
    ("image_proj", "image"): "kandinsky-2.2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What a folder's UNet says: the family, whether it takes nine channels, its image embedding's width.

    `image_dim` is None for Kandinsky 3, which has no image embedding.
    """

    family: Family
    inpaint: bool
    image_dim: int | None


def recognise(folder: Path) -> Nature:
    """Tell the family of a whole model or decoder; raises ModelBroken for anything else."""
    index = read_json(folder / "model_index.json")
    if holds_prior(index):
        raise ModelBroken(
            f"{folder} is half a model",
            why="it is a prior, which makes image embeddings and no pictures",
            fix="ask for the decoder, and give this one as its prior",
        )
    stated = index.get("unet")
    if not isinstance(stated, list) or len(stated) != 2:
        raise _unknown(folder, f"its model_index.json says {index.get('_class_name')} and lists no UNet")
    unet = read_json(folder / "unet" / "config.json")
    family = _tell_family(folder, index, unet)
    channels = unet.get("in_channels", 4)
    if channels not in (4, 9):
        raise _unknown(folder, f"its UNet takes {channels} channels, where 4 or 9 are understood")
    dim = {"kandinsky-2.1": unet.get("cross_attention_dim"), "kandinsky-2.2": unet.get("encoder_hid_dim")}
    return Nature(family=family, inpaint=channels == 9, image_dim=dim.get(family))


def _tell_family(folder: Path, index: Mapping[str, Any], unet: Mapping[str, Any]) -> Family:
    kind = unet.get("_class_name", index["unet"][1])
    if kind == "Kandinsky3UNet":
        return "kandinsky-3"
    condition = (str(unet.get("encoder_hid_dim_type")), str(unet.get("addition_embed_type")))
    if kind == "UNet2DConditionModel" and condition in _FAMILY_BY_CONDITION:
        return _FAMILY_BY_CONDITION[condition]
    if condition[1] == "image_hint":
        raise _unknown(folder, "it is a ControlNet, whose UNet also takes a hint picture")
    raise _unknown(folder, f"it is a {index.get('_class_name')} with a {kind} conditioned on {condition[0]}")


def holds_prior(index: Mapping[str, Any]) -> bool:
    """Tell whether a model_index.json is that of a prior."""
    return "prior" in index and "unet" not in index


def prior_dim(folder: Path) -> int | None:
    """Return the width of a prior folder's embeddings, or None where the folder is no prior."""
    try:
        if not holds_prior(read_json(folder / "model_index.json")):
            return None
        dim = read_json(folder / "prior" / "config.json").get("embedding_dim", 768)
    except ModelBroken:
        return None
    return dim if isinstance(dim, int) else None


def check_parts(folder: Path, family: Family, *, prior: bool) -> tuple[Path, ...]:
    """Check that every component is there, and return all files of weights; raises ModelBroken."""
    for component in list_parts(family, holds_prior=prior):
        read_json(folder / component / SETTINGS.get(component, "config.json"))
        if component == "tokenizer":
            check_vocabulary(folder / component)
    networks = PRIOR_NETWORKS if prior else NETWORKS[family]
    extra = folder / NULL_EMBEDDING
    files = [file for network in networks for file in weight_files(folder, network)]
    return (*files, extra) if extra.is_file() else tuple(files)


def _unknown(folder: Path, why: str) -> ModelBroken:
    return ModelBroken(
        f"{folder} is of an unknown family",
        why=why,
        fix="use a Kandinsky 2.1, 2.2 or 3 model in the diffusers layout",
    )
