"""From weight files to a network: built without memory from its config, then given its tensors.

Reading is strict. Every tensor the network has must be in the files with the shape that the config
says, in a float type, and nothing else may be there, except what old versions of the libraries stored.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import ConfigMixin
from safetensors import SafetensorError, safe_open
from torch import nn

from wassily.engine.loading.checkpoint import Checkpoint
from wassily.engine.loading.headers import Stored, read_header
from wassily.engine.loading.layout import weight_files
from wassily.errors import ModelBroken

_FLOATS: Final = frozenset({"F64", "F32", "F16", "BF16"})
# Attention in autoencoders had these names before diffusers 0.17.
_OLD_ATTENTION: Final = re.compile(r"\.(query|key|value|proj_attn)\.(weight|bias)$")
_NEW_ATTENTION: Final = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
# Integer buffers that files of transformers before 4.31 still hold; they are computed here.
_COMPUTED: Final = re.compile(r"(^|\.)(position_ids|token_type_ids)$")

_LATENT_CHANNELS: Final = 4

_CLASSES: Final[dict[tuple[str, str], tuple[str, str]]] = {
    ("prior", "prior"): ("diffusers", "PriorTransformer"),
    ("prior", "text_encoder"): ("transformers", "CLIPTextModelWithProjection"),
    ("prior", "image_encoder"): ("transformers", "CLIPVisionModelWithProjection"),
    ("kandinsky-2.1", "text_encoder"): ("diffusers.pipelines.kandinsky.text_encoder", "MultilingualCLIP"),
    ("kandinsky-2.1", "unet"): ("diffusers", "UNet2DConditionModel"),
    ("kandinsky-2.1", "movq"): ("diffusers", "VQModel"),
    ("kandinsky-2.2", "unet"): ("diffusers", "UNet2DConditionModel"),
    ("kandinsky-2.2", "movq"): ("diffusers", "VQModel"),
    ("kandinsky-3", "text_encoder"): ("transformers", "T5EncoderModel"),
    ("kandinsky-3", "unet"): ("diffusers", "Kandinsky3UNet"),
    ("kandinsky-3", "movq"): ("diffusers", "VQModel"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One tensor of the network: the file that has it, the name it has there, and what the header says."""

    file: Path
    stored_name: str
    stored: Stored


def load_network(
    checkpoint: Checkpoint, component: str, *, dtype: torch.dtype, device: torch.device
) -> nn.Module:
    """Read a network in `eval` mode and without gradients; every parameter has the asked dtype.

    A T5 encoder asked for in float16 comes in bfloat16: the products of its `wo` layers leave
    float16's range. On the CPU, weights stored in the asked dtype are not copied but mapped from
    the file. Raises ModelBroken.
    """
    library, kind = _CLASSES["prior" if checkpoint.holds_prior else checkpoint.family, component]
    if kind == "T5EncoderModel" and dtype == torch.float16:
        dtype = torch.bfloat16
    place = checkpoint.folder / component
    files = weight_files(checkpoint.folder, component)
    net = _build(library, kind, checkpoint.config(component), place=place)
    tied = _tie_names(net)
    expected = {name: tuple(tensor.shape) for name, tensor in net.state_dict().items()}
    sources = _match(_list_sources(files), expected, tied, place=place)
    tensors = _read(sources, dtype=dtype, device=device)
    net.load_state_dict(tensors | {twin: tensors[name] for twin, name in tied.items()}, assign=True)
    _share_tied(net, tied)
    _compute_buffers(net, dtype=dtype, device=device)
    return net.eval().requires_grad_(False)


def _construct(library: str, kind: str, config: Mapping[str, Any]) -> nn.Module:
    """Make a network of the class `kind`, with the settings of its config.json."""
    chosen = getattr(import_module(library), kind)
    net: nn.Module
    if issubclass(chosen, ConfigMixin):  # the way of diffusers; the other is that of transformers
        net = chosen.from_config(dict(config))
    else:
        net = chosen(chosen.config_class.from_dict(dict(config)))
    if kind == "Kandinsky3UNet":
        # The class gives as many channels as it takes; the inpainting model takes nine and gives a latent.
        width = net.get_submodule("conv_in").get_parameter("weight").shape[0]
        net.conv_out = nn.Conv2d(width, _LATENT_CHANNELS, kernel_size=3, padding=1)
    return net


def _build(library: str, kind: str, config: Mapping[str, Any], *, place: Path) -> nn.Module:
    """Make a network that has shapes but no memory; raises ModelBroken."""
    try:
        with torch.device("meta"):
            return _construct(library, kind, config)
    # What the libraries raise for a bad config is not theirs to say: a wrong type, key or size.
    except (TypeError, ValueError, KeyError, AttributeError, RuntimeError, ArithmeticError) as error:
        raise ModelBroken(
            f"{place} cannot be built",
            why=f"its config.json does not describe a {kind} ({str(error).strip().splitlines()[0]})",
            fix="download the model again",
        ) from error


def _tie_names(net: nn.Module) -> dict[str, str]:
    """Map every second name of a shared parameter to its first."""
    first: dict[int, str] = {}
    tied: dict[str, str] = {}
    for name, parameter in net.named_parameters(remove_duplicate=False):
        original = first.setdefault(id(parameter), name)
        if original != name:
            tied[name] = original
    return tied


def _share_tied(net: nn.Module, tied: Mapping[str, str]) -> None:
    for twin, name in tied.items():
        module, _, attribute = twin.rpartition(".")
        setattr(net.get_submodule(module), attribute, net.get_parameter(name))


def _list_sources(files: tuple[Path, ...]) -> dict[str, Source]:
    """List what the files hold by the name that today's libraries give it."""
    sources = {}
    for file in files:
        for stored_name, stored in read_header(file).tensors.items():
            if not _COMPUTED.search(stored_name):
                sources[stored_name] = Source(file=file, stored_name=stored_name, stored=stored)
    return sources


def _match(
    sources: Mapping[str, Source],
    expected: Mapping[str, tuple[int, ...]],
    tied: Mapping[str, str],
    *,
    place: Path,
) -> dict[str, Source]:
    """Pair the files' tensors with the network's, under the network's names; raises ModelBroken."""
    found: dict[str, Source] = {}
    for stored_name, source in sources.items():
        name = stored_name if stored_name in expected else _rename(stored_name)
        # A tied weight may be stored under either name; with both, the first is the one that counts.
        if name not in tied or tied[name] not in sources:
            found[tied.get(name, name)] = source
    needed = expected.keys() - tied.keys()
    if found.keys() != needed:
        raise _mismatch(place, missing=needed - found.keys(), surplus=found.keys() - needed)
    for name, source in found.items():
        _check_tensor(name, source.stored, expected[name], place=place)
    return found


def _rename(name: str) -> str:
    return _OLD_ATTENTION.sub(lambda match: f".{_NEW_ATTENTION[match[1]]}.{match[2]}", name)


def _check_tensor(name: str, stored: Stored, shape: tuple[int, ...], *, place: Path) -> None:
    if stored.dtype not in _FLOATS:
        raise ModelBroken(
            f"{place} is quantised",
            why=f"{name} is stored as {stored.dtype}",
            fix="use the weights in fp16, bf16 or fp32",
        )
    if stored.shape != shape:
        raise ModelBroken(
            f"{place} does not fit its config.json",
            why=f"{name} is stored as {list(stored.shape)}, not {list(shape)}",
            fix="download the config and the weights again, from one revision",
        )


def _mismatch(place: Path, *, missing: set[str], surplus: set[str]) -> ModelBroken:
    said = [
        f"{len(names)} tensors are {word}, such as {min(names)}"
        for word, names in (("missing", missing), ("not part of it", surplus))
        if names
    ]
    return ModelBroken(
        f"{place} does not fit its config.json",
        why=" and ".join(said),
        fix="download the config and the weights again, from one revision",
    )


def _read(
    sources: Mapping[str, Source], *, dtype: torch.dtype, device: torch.device
) -> dict[str, torch.Tensor]:
    by_file: dict[Path, list[str]] = {}
    for name, source in sources.items():
        by_file.setdefault(source.file, []).append(name)
    tensors = {}
    for file, names in by_file.items():
        try:
            with safe_open(file, framework="pt", device="cpu") as opened:
                for name in names:
                    tensor = opened.get_tensor(sources[name].stored_name)
                    tensors[name] = tensor.to(dtype=dtype).to(device=device)
        except SafetensorError as error:
            raise ModelBroken(
                f"{file} cannot be read", why=str(error), fix="download the file again"
            ) from error
    return tensors


def _compute_buffers(net: nn.Module, *, dtype: torch.dtype, device: torch.device) -> None:
    """Give values to the buffers that no file holds, which were built without memory."""
    for name, buffer in list(net.named_buffers()):
        if not buffer.is_meta:
            continue
        module, _, attribute = name.rpartition(".")
        value = _BUFFERS[attribute](buffer.shape)
        if value.is_floating_point():
            value = value.to(dtype)
        net.get_submodule(module).register_buffer(attribute, value.to(device), persistent=False)


_BUFFERS: Final[dict[str, Callable[[torch.Size], torch.Tensor]]] = {
    "position_ids": lambda shape: torch.arange(shape[-1]).expand(shape),
    "token_type_ids": lambda shape: torch.zeros(shape, dtype=torch.long),
    # The prior attends backwards only.
    "causal_attention_mask": lambda shape: torch.full(shape, -10000.0).triu(1),
}
