"""Which files of a model folder or repository are needed, told from names alone where possible.

One rule for all: where a network is published both as fp16 and in full, fp16 is used, so that a
model downloaded here and one fetched by other means give the same pictures.
"""

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from wassily.engine.loading.checkpoint import SETTINGS, Family, broken_json, read_json
from wassily.errors import ModelBroken

NETWORKS: Final[dict[Family, tuple[str, ...]]] = {
    "kandinsky-2.1": ("text_encoder", "unet", "movq"),
    "kandinsky-2.2": ("unet", "movq"),
    "kandinsky-3": ("text_encoder", "unet", "movq"),
}
PRIOR_NETWORKS: Final = ("prior", "text_encoder", "image_encoder")
# Not in the diffusers layout: defaults for this program, and what the original Kandinsky 3 learned
# to see in place of a negative prompt.
NULL_EMBEDDING: Final = "null_embedding.safetensors"
_ROOT_FILES: Final = ("model_index.json", "README.md", "wassily.json", NULL_EMBEDDING)

COMPONENTS: Final = frozenset(PRIOR_NETWORKS) | {"unet", "movq"} | SETTINGS.keys()

PICKLES: Final = (".bin", ".ckpt", ".pt", ".pth")

_STEMS: Final = ("diffusion_pytorch_model", "model")
_VARIANTS: Final = ("fp16", "", "bf16")
_SHARD: Final = re.compile(
    r"(?P<stem>\w+)(?:\.(?P<early>\w+))?-\d{5}-of-\d{5}(?:\.(?P<late>\w+))?\.safetensors"
)


def list_parts(family: Family, *, holds_prior: bool) -> tuple[str, ...]:
    """List the components that a folder must hold."""
    if holds_prior:
        return (*PRIOR_NETWORKS, "tokenizer", "scheduler", "image_processor")
    tokenizer = ("tokenizer",) if "text_encoder" in NETWORKS[family] else ()
    return (*NETWORKS[family], *tokenizer, "scheduler")


def weight_files(folder: Path, component: str) -> tuple[Path, ...]:
    """Return the safetensors files of a network, all of them present; raises ModelBroken."""
    place = folder / component
    if not place.is_dir():
        raise ModelBroken(
            f"{folder} is not complete",
            why=f"there is no {component} folder",
            fix="download the model again, or name another folder",
        )
    names = [path.name for path in place.iterdir()]
    entry = choose_weights(names)
    if entry is None:
        raise no_weights(f"{place}", names)
    files = _read_index(place / entry) if entry.endswith(".json") else (place / entry,)
    for file in files:
        if not file.is_file():
            raise ModelBroken(
                f"{place} is not complete",
                why=f"{file.name} is missing",
                fix="download the model again",
            )
    return files


def choose_weights(names: Collection[str]) -> str | None:
    """Choose the one file, or the index of shards, to read among a network's file names."""
    for variant in _VARIANTS:
        dotted = f".{variant}" if variant else ""
        for stem in _STEMS:
            single = f"{stem}{dotted}.safetensors"
            index = f"{stem}.safetensors.index{dotted}.json"
            old_index = f"{stem}{dotted}.safetensors.index.json"
            chosen = next((name for name in (single, index, old_index) if name in names), None)
            if chosen:
                return chosen
    return None


def choose_files(paths: Iterable[str]) -> tuple[str, ...]:
    """Choose what to download of a repository: settings, vocabularies and one set of weights each.

    Raises ModelBroken when a network is there as a pickle only.
    """
    folders: dict[str, list[str]] = {}
    for path in map(PurePosixPath, paths):
        folders.setdefault(str(path.parent), []).append(path.name)
    chosen = [name for name in _ROOT_FILES if name in folders.get(".", ())]
    for folder in sorted(COMPONENTS & folders.keys()):
        chosen += [f"{folder}/{name}" for name in _choose_in_folder(folder, folders[folder])]
    return tuple(chosen)


def _choose_in_folder(folder: str, names: list[str]) -> list[str]:
    texts = [n for n in names if n.endswith((".json", ".txt", ".model")) and ".index." not in n]
    if folder in SETTINGS:
        return texts
    entry = choose_weights(names)
    if entry is None:
        raise no_weights(f"{folder}", names)
    if entry.endswith(".safetensors"):
        return [*texts, entry]
    variant = next((v for v in _VARIANTS if v and f".{v}." in entry), "")
    return [*texts, entry, *(name for name in names if _is_shard(name, variant))]


def _is_shard(name: str, variant: str) -> bool:
    match = _SHARD.fullmatch(name)
    return match is not None and (match["early"] or match["late"] or "") == variant


def _read_index(path: Path) -> tuple[Path, ...]:
    weight_map = read_json(path).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise broken_json(path, "it has no weight_map")
    names = sorted({str(name) for name in weight_map.values()})
    for name in names:
        if PurePosixPath(name).name != name or "\\" in name or not name.endswith(".safetensors"):
            raise broken_json(path, f"it names {name!r}, which is not a safetensors file beside it")
    return tuple(path.parent / name for name in names)


def no_weights(place: str, names: Collection[str]) -> ModelBroken:
    """Say that a network has no weights that can be read, and how to convert pickles."""
    pickles = [name for name in names if name.endswith(PICKLES)]
    if not pickles:
        return ModelBroken(
            f"{place} holds no weights",
            why="there is no safetensors file in it",
            fix="download the model again",
        )
    return ModelBroken(
        f"{place} holds its weights as a pickle only",
        why=f"{sorted(pickles)[0]} can run any code when it is opened, so it is not",
        fix=(
            "convert it once, with torch.load(..., weights_only=True) and safetensors.torch.save_file,"
            " or use a revision that has safetensors files"
        ),
    )
