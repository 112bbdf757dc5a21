"""Networks come out as the libraries' own loaders give them, and bad files are refused one by one."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from tests.checkpoints import build
from tests.checkpoints.networks import T5_DIM, XLM_ROBERTA_DIM, write_tensors
from wassily.engine.loading import Checkpoint, find, load_network
from wassily.errors import ModelBroken

CPU = torch.device("cpu")

COMPONENTS = [
    ("tiny21", "text_encoder"),
    ("tiny21", "unet"),
    ("tiny21", "movq"),
    ("tiny21", "prior/prior"),
    ("tiny21", "prior/text_encoder"),
    ("tiny21", "prior/image_encoder"),
    ("tiny22_inpaint", "unet"),
    ("tiny22_inpaint", "movq"),
    ("tiny22_inpaint", "prior/prior"),
    ("tiny22_inpaint", "prior/text_encoder"),
    ("tiny3", "text_encoder"),
    ("tiny3", "unet"),
    ("tiny3", "movq"),
]


def run(net: Any, dtype: torch.dtype) -> torch.Tensor:
    """Call any of the networks with seeded inputs."""
    generator = torch.Generator().manual_seed(0)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator).to(dtype)

    ids = torch.randint(3, 90, (2, 77), generator=generator)
    mask = (torch.arange(77) < torch.tensor([[77], [9]])).long()
    width = getattr(net.config, "embedding_dim", 0)
    calls: dict[str, Callable[[], Any]] = {
        "CLIPTextModelWithProjection": lambda: net(ids, attention_mask=mask)[0],
        "CLIPVisionModelWithProjection": lambda: net(noise(1, 3, 224, 224))[0],
        "MultilingualCLIP": lambda: net(ids, mask)[0],
        "T5EncoderModel": lambda: net(ids, attention_mask=mask)[0],
        "VQModel": lambda: net(noise(1, 3, 64, 64))[0],
        "PriorTransformer": lambda: net(noise(2, width), 5, noise(2, width), noise(2, 77, width))[0],
        "Kandinsky3UNet": lambda: net(
            noise(1, net.config.in_channels, 8, 8), 500, noise(1, 5, T5_DIM), torch.ones(1, 5)
        )[0],
        "UNet2DConditionModel": lambda: run_unet2(net, noise),
    }
    with torch.inference_mode():
        out: torch.Tensor = calls[type(net).__name__]()
    return out


def run_unet2(net: Any, noise: Callable[..., torch.Tensor]) -> torch.Tensor:
    first = net.config.addition_embed_type == "text_image"
    width = net.config.cross_attention_dim
    condition = {"image_embeds": noise(1, width if first else net.config.encoder_hid_dim)}
    if first:
        condition["text_embeds"] = noise(1, width)
    words = noise(1, 5, XLM_ROBERTA_DIM) if first else None
    out: torch.Tensor = net(
        noise(1, net.config.in_channels, 8, 8), 500, encoder_hidden_states=words, added_cond_kwargs=condition
    )[0]
    return out


def load(folder: Path, component: str, dtype: torch.dtype = torch.float32) -> nn.Module:
    checkpoint = find(folder)
    if component.startswith("prior/"):
        assert checkpoint.prior is not None
        checkpoint, component = checkpoint.prior, component.removeprefix("prior/")
    return load_network(checkpoint, component, dtype=dtype, device=CPU)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("model", "component"), COMPONENTS)
def test_networks_equal_those_of_the_libraries(
    model: str, component: str, dtype: torch.dtype, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(model)
    net = load(folder, component, dtype)
    home = next(folder.parent.glob("*-prior")) if component.startswith("prior/") else folder
    kind: Any = type(net)
    theirs = kind.from_pretrained(home / component.removeprefix("prior/"), dtype=dtype).eval()
    assert {parameter.dtype for parameter in net.parameters()} == {dtype}
    assert not net.training
    assert not any(parameter.requires_grad for parameter in net.parameters())
    ours, others = dict(net.named_buffers()), dict(theirs.named_buffers())
    assert ours.keys() == others.keys()
    for name, buffer in ours.items():
        assert buffer.dtype == others[name].dtype
        assert torch.equal(buffer, others[name])
    # The same tensors in the same classes: not a bit may differ.
    assert torch.equal(run(net, dtype), run(theirs, dtype))


def test_3_for_inpainting_takes_nine_channels_and_gives_four(tiny3_inpaint: Path) -> None:
    net: Any = load(tiny3_inpaint, "unet")
    assert run(net, torch.float32).shape == (1, 4, 8, 8)
    assert net.conv_in.in_channels == 9


@pytest.fixture(scope="module")
def half3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build.kandinsky3(tmp_path_factory.mktemp("half") / "k3", dtype=torch.float16)


def test_t5_asked_for_in_float16_comes_in_bfloat16(half3: Path) -> None:
    net = load(half3, "text_encoder", torch.float16)
    assert {parameter.dtype for parameter in net.parameters()} == {torch.bfloat16}
    assert load(half3, "unet", torch.float16).get_parameter("conv_in.weight").dtype == torch.float16


def test_tied_weights_stay_one(half3: Path) -> None:
    net = load(half3, "text_encoder")
    assert net.get_parameter("shared.weight") is net.get_parameter("encoder.embed_tokens.weight")


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists what is mapped")
def test_cpu_weights_are_mapped_not_copied(tiny22: Path, tmp_path: Path) -> None:
    folder = copy(tiny22, tmp_path)
    net = load(folder, "unet")
    assert str(folder / "unet") in Path("/proc/self/maps").read_text()
    del net


Change = Callable[[dict[str, torch.Tensor]], Any]


@pytest.fixture
def movq_with(tiny22: Path, tmp_path: Path) -> Callable[[Change], Checkpoint]:
    """Return a 2.2 whose MoVQ file is rewritten by a function."""

    def make(change: Change) -> Checkpoint:
        checkpoint = find(copy(tiny22, tmp_path))
        path = checkpoint.folder / "movq" / "diffusion_pytorch_model.safetensors"
        tensors = load_file(path)
        change(tensors)
        path.unlink()
        write_tensors(path, tensors)
        return checkpoint

    return make


def copy(folder: Path, tmp_path: Path) -> Path:
    """Copy a decoder and its prior, so that a test may change it."""
    shutil.copytree(folder.parent, tmp_path / "copy")
    return tmp_path / "copy" / folder.name


def test_old_names_of_attention_are_understood(
    tiny22: Path, movq_with: Callable[[Change], Checkpoint]
) -> None:
    def rename(tensors: dict[str, torch.Tensor]) -> None:
        for name in list(tensors):
            old = name.replace(".to_q.", ".query.").replace(".to_k.", ".key.")
            old = old.replace(".to_v.", ".value.").replace(".to_out.0.", ".proj_attn.")
            tensors[old] = tensors.pop(name)
        assert sum(".query." in name for name in tensors) >= 2

    net = load_network(movq_with(rename), "movq", dtype=torch.float32, device=CPU)
    assert torch.equal(run(net, torch.float32), run(load(tiny22, "movq"), torch.float32))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda tensors: tensors.pop("quant_conv.weight"),
            "1 tensors are missing, such as quant_conv.weight",
        ),
        (lambda tensors: tensors.update(extra=torch.ones(2)), "1 tensors are not part of it, such as extra"),
        (
            lambda tensors: tensors.update({"quant_conv.bias": torch.ones(7)}),
            r"quant_conv.bias is stored as \[7\], not \[4\]",
        ),
        (
            lambda tensors: tensors.update({"quant_conv.bias": torch.ones(4, dtype=torch.int8)}),
            "quant_conv.bias is stored as I8",
        ),
        (
            lambda tensors: tensors.update({"quant_conv.bias": torch.ones(4).to(torch.float8_e4m3fn)}),
            "quant_conv.bias is stored as F8_E4M3",
        ),
    ],
)
def test_tensors_that_do_not_fit(
    change: Change, message: str, movq_with: Callable[[Change], Checkpoint]
) -> None:
    with pytest.raises(ModelBroken, match=message):
        load_network(movq_with(change), "movq", dtype=torch.float32, device=CPU)


def test_mixed_floats_are_cast(movq_with: Callable[[Change], Checkpoint]) -> None:
    checkpoint = movq_with(lambda tensors: tensors.update({"quant_conv.bias": torch.ones(4).half()}))
    net = load_network(checkpoint, "movq", dtype=torch.bfloat16, device=CPU)
    assert {parameter.dtype for parameter in net.parameters()} == {torch.bfloat16}


@pytest.mark.parametrize("config", [{"block_out_channels": "wide"}, {"norm_num_groups": 7}, {"act_fn": "no"}])
def test_a_config_that_describes_no_network(tiny22: Path, tmp_path: Path, config: dict[str, Any]) -> None:
    checkpoint = find(copy(tiny22, tmp_path))
    path = checkpoint.folder / "movq" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config))
    with pytest.raises(ModelBroken, match="does not describe a VQModel"):
        load_network(checkpoint, "movq", dtype=torch.float32, device=CPU)


def test_either_name_of_a_tied_weight_may_be_stored(tiny3: Path, tmp_path: Path) -> None:
    folder = copy(tiny3, tmp_path)
    place = folder / "text_encoder"
    tensors: dict[str, torch.Tensor] = {}
    for shard in sorted(place.glob("*.safetensors")):
        tensors |= load_file(shard)
        shard.unlink()
    (place / "model.safetensors.index.json").unlink()
    tensors["encoder.embed_tokens.weight"] = tensors.pop("shared.weight")
    write_tensors(place / "model.safetensors", tensors)
    assert torch.equal(
        run(load(folder, "text_encoder"), torch.float32), run(load(tiny3, "text_encoder"), torch.float32)
    )
    # With both stored, `shared` is the one that counts, as in transformers.
    write_tensors(
        place / "model.safetensors", tensors | {"shared.weight": tensors["encoder.embed_tokens.weight"] * 2}
    )
    doubled = load(folder, "text_encoder").get_parameter("encoder.embed_tokens.weight")
    assert torch.equal(doubled, 2 * tensors["encoder.embed_tokens.weight"])


def test_a_file_damaged_inside_its_header(tiny22: Path, tmp_path: Path) -> None:
    """The lengths are right but two tensors overlap: safetensors itself refuses it."""
    checkpoint = find(copy(tiny22, tmp_path))
    path = checkpoint.folder / "movq" / "diffusion_pytorch_model.safetensors"
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["quant_conv.bias"]["data_offsets"] = [0, 16]
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.unlink()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    with pytest.raises(ModelBroken, match="cannot be read"):
        load_network(checkpoint, "movq", dtype=torch.float32, device=CPU)
