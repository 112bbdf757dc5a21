"""The networks of the three families at toy sizes, filled with seeded weights that are nowhere zero."""

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from diffusers import Kandinsky3UNet, PriorTransformer, UNet2DConditionModel, VQModel
from diffusers.pipelines.kandinsky.text_encoder import MCLIPConfig, MultilingualCLIP
from safetensors.torch import save_file
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    T5Config,
    T5EncoderModel,
)

Net = TypeVar("Net", bound=nn.Module)

CROSS_ATTENTION_DIM = 32
IMAGE_DIM_21 = CROSS_ATTENTION_DIM  # the published 2.1 UNet has one width for both, 768
IMAGE_DIM_22 = 40
XLM_ROBERTA_DIM = 48
T5_DIM = 24


def movq(*, seed: int) -> VQModel:
    """Make the VQ autoencoder of all families: eight pixels a latent cell, four channels."""
    net = VQModel(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 3 + ("AttnDownEncoderBlock2D",),
        up_block_types=("AttnUpDecoderBlock2D",) + ("UpDecoderBlock2D",) * 3,
        block_out_channels=(32, 32, 32, 64),
        layers_per_block=1,
        latent_channels=4,
        num_vq_embeddings=64,
        norm_num_groups=32,
        vq_embed_dim=4,
        norm_type="spatial",
    )
    return fill(net, seed=seed)


def unet21(*, in_channels: int, seed: int) -> UNet2DConditionModel:
    """Make the UNet of 2.1, which reads the prompt and the image embedding."""
    return _unet2("text_image", in_channels=in_channels, encoder_hid_dim=XLM_ROBERTA_DIM, seed=seed)


def unet22(*, in_channels: int, seed: int) -> UNet2DConditionModel:
    """Make the UNet of 2.2, which reads the image embedding alone."""
    return _unet2("image", in_channels=in_channels, encoder_hid_dim=IMAGE_DIM_22, seed=seed)


def _unet2(condition: str, *, in_channels: int, encoder_hid_dim: int, seed: int) -> UNet2DConditionModel:
    net = UNet2DConditionModel(
        sample_size=64,
        in_channels=in_channels,
        out_channels=8,
        down_block_types=("ResnetDownsampleBlock2D",) + ("SimpleCrossAttnDownBlock2D",) * 3,
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D",) * 3 + ("ResnetUpsampleBlock2D",),
        block_out_channels=(32, 32, 64, 64),
        layers_per_block=1,
        norm_num_groups=4,  # groups of one or two channels make a sign function of the smallest level
        cross_attention_dim=CROSS_ATTENTION_DIM,
        encoder_hid_dim=encoder_hid_dim,
        encoder_hid_dim_type=f"{condition}_proj",
        addition_embed_type=condition,
        attention_head_dim=16,
        resnet_time_scale_shift="scale_shift",
    )
    return fill(net, seed=seed)


def unet3(*, in_channels: int, seed: int) -> Kandinsky3UNet:
    """Make the UNet of 3; whatever it takes, it gives the four channels of a latent."""
    net = Kandinsky3UNet(
        in_channels=in_channels,
        time_embedding_dim=32,
        groups=4,
        attention_head_dim=16,
        layers_per_block=2,
        block_out_channels=(32, 32, 64, 64),
        cross_attention_dim=CROSS_ATTENTION_DIM,
        encoder_hid_dim=T5_DIM,
    )
    net.conv_out = nn.Conv2d(net.conv_in.out_channels, 4, kernel_size=3, padding=1)
    return fill(net, seed=seed)


def prior(*, dim: int, seed: int) -> PriorTransformer:
    """Make the prior, which turns a prompt into an image embedding of `dim` numbers."""
    net = PriorTransformer(num_attention_heads=2, attention_head_dim=16, num_layers=2, embedding_dim=dim)
    return fill(net, seed=seed)


def clip_text(*, dim: int, vocabulary: int, activation: str, seed: int) -> CLIPTextModelWithProjection:
    """Make the prior's text encoder; its end-of-text id is 2 in the config, as in the published ones."""
    config = CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=dim,
        projection_dim=dim,
        intermediate_size=2 * dim,
        num_hidden_layers=2,
        num_attention_heads=2,
        hidden_act=activation,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=1,
    )
    return fill(CLIPTextModelWithProjection(config), seed=seed)


def clip_vision(*, dim: int, activation: str, seed: int) -> CLIPVisionModelWithProjection:
    """Make the prior's image encoder: 224 pixels, as published, in patches of 56."""
    config = CLIPVisionConfig(
        hidden_size=16,
        projection_dim=dim,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=224,
        patch_size=56,
        hidden_act=activation,
    )
    return fill(CLIPVisionModelWithProjection(config), seed=seed)


def xlm_roberta(*, vocabulary: int, seed: int) -> MultilingualCLIP:
    """Make the text encoder of 2.1: XLM-RoBERTa and one projection."""
    config = MCLIPConfig(
        transformerDimSize=XLM_ROBERTA_DIM,
        imageDimSize=CROSS_ATTENTION_DIM,
        vocab_size=vocabulary,
        hidden_size=XLM_ROBERTA_DIM,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=514,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
    )
    return fill(MultilingualCLIP(config), seed=seed)


def t5(*, vocabulary: int, seed: int) -> T5EncoderModel:
    """Make the text encoder of 3; like the published one it has more rows than the tokenizer has ids."""
    config = T5Config(
        vocab_size=vocabulary + 28,
        d_model=T5_DIM,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_heads=2,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
    )
    return fill(T5EncoderModel(config), seed=seed)


def fill(net: Net, *, seed: int) -> Net:
    """Give every parameter random values of a scale that keeps activations near one."""
    with torch.no_grad():
        for name, weight in net.named_parameters():
            # Seeded by name: a changed layer leaves the others as they were.
            generator = torch.Generator().manual_seed(zlib.crc32(f"{seed} {name}".encode()))
            noise = torch.randn(weight.shape, generator=generator)
            weight.copy_(_scale(name, noise))
    return net.eval().requires_grad_(False)


def _scale(name: str, noise: torch.Tensor) -> torch.Tensor:
    if name.endswith("clip_std"):
        return 0.5 + 0.2 * noise.abs()
    if name.endswith("bias") or "clip_mean" in name or "_embedding" in name.rsplit(".", 1)[-1]:
        return 0.2 * noise
    if noise.ndim == 1:
        return 1 + 0.1 * noise
    if "embed" in name and "proj" not in name and "linear" not in name and "patch" not in name:
        return 0.5 * noise
    # Full-sized random predictions would be chaotic: samplers divide them by the little signal there is.
    gain = 0.3 if "context_mlp" in name or name.endswith("conv_out.weight") else 1.0
    return gain * noise / (noise.numel() / noise.shape[0]) ** 0.5


def write_network(
    folder: Path, net: Any, *, dtype: torch.dtype = torch.float32, variant: str | None = None
) -> None:
    """Write config.json and one safetensors file, with the published names."""
    folder.mkdir(parents=True, exist_ok=True)
    net.config.save_pretrained(folder) if hasattr(net.config, "save_pretrained") else net.save_config(folder)
    stem = "diffusion_pytorch_model" if hasattr(net, "save_config") else "model"
    infix = f".{variant}" if variant else ""
    tensors = {name: cast(tensor, dtype) for name, tensor in stored(net).items()}
    write_tensors(folder / f"{stem}{infix}.safetensors", tensors)


def stored(net: nn.Module) -> dict[str, torch.Tensor]:
    """List the tensors as the published files hold them.

    Files of mid 2023 hold the position ids, an integer buffer that later versions no longer save,
    and one name only of two tied weights.
    """
    tensors = {name: tensor.contiguous() for name, tensor in net.state_dict().items()}
    if "shared.weight" in tensors:
        tensors.pop("encoder.embed_tokens.weight")
    ids = {name: buffer for name, buffer in net.named_buffers() if name.endswith("position_ids")}
    return tensors | ids


def cast(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Give a tensor another float type; integers stay integers."""
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def write_shards(folder: Path, net: Any, *, dtype: torch.dtype, variant: str | None) -> None:
    """Write config.json, two shards and their index; with a half type, `wo` stays float32 as published."""
    folder.mkdir(parents=True, exist_ok=True)
    net.config.save_pretrained(folder)
    tensors = {
        name: tensor if ".wo." in name else cast(tensor, dtype) for name, tensor in stored(net).items()
    }
    infix = f".{variant}" if variant else ""
    middle = len(tensors) // 2
    halves = (list(tensors)[:middle], list(tensors)[middle:])
    weight_map = {}
    for number, names in enumerate(halves, start=1):
        shard = f"model{infix}-{number:05d}-of-{len(halves):05d}.safetensors"
        write_tensors(folder / shard, {name: tensors[name] for name in names})
        weight_map |= dict.fromkeys(names, shard)
    total = sum(t.numel() * t.element_size() for t in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    write_json(folder / f"model.safetensors.index{infix}.json", index)


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write one safetensors file as the libraries do, marked as made with PyTorch."""
    save_file(dict(tensors), path, metadata={"format": "pt"})


def write_json(path: Path, content: object) -> None:
    """Write `content` as readable JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
