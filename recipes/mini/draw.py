"""Draw pictures from captions with the trained networks, in batches.

The same steps as a Kandinsky 3 pipeline takes: guidance is (w + 1) * text - w * nothing, with
nothing = zero features under a zero mask. Shapes: B batch, C channels, H W latent cells.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import Kandinsky3UNet, VQModel
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedTokenizerFast, T5EncoderModel

from recipes.mini.movq import load_movq
from recipes.mini.text import encode_captions, load_encoder, load_tokenizer
from recipes.mini.unet import build_schedule, load_unet, pool_own_lengths

LATENT_SHAPE = (4, 16, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The trained networks together."""

    tokenizer: PreTrainedTokenizerFast
    encoder: T5EncoderModel
    unet: Kandinsky3UNet
    movq: VQModel


def load_model(work: Path) -> Model:
    """Read everything from the work folder; the UNet with its averaged weights."""
    unet = load_unet(work)
    pool_own_lengths(unet)
    return Model(tokenizer=load_tokenizer(work), encoder=load_encoder(work), unet=unet, movq=load_movq(work))


@torch.no_grad()
def draw_latents(model: Model, captions: list[str], *, seed: int, steps: int, guidance: float) -> Tensor:
    """Draw one batch of latents [B, 4, 16, 16]; the noise depends on the seed and the place in the batch."""
    states, mask = encode_captions(model.tokenizer, model.encoder, captions)
    schedule = build_schedule()
    schedule.set_timesteps(steps)
    noise = torch.Generator().manual_seed(seed)
    x = torch.randn((len(captions), *LATENT_SHAPE), generator=noise)
    both_states = torch.cat([torch.zeros_like(states), states])
    both_mask = torch.cat([torch.zeros_like(mask), mask])
    for t in schedule.timesteps:
        made = model.unet(
            torch.cat([x, x]), t, encoder_hidden_states=both_states, encoder_attention_mask=both_mask
        ).sample
        nothing, text = made.chunk(2)
        guided = (guidance + 1) * text - guidance * nothing
        x = schedule.step(guided, t, x, generator=noise).prev_sample
    return x


@torch.no_grad()
def to_pixels(movq: VQModel, latents_BCHW: Tensor) -> NDArray[np.uint8]:
    """Decode latents to [B, H, W, 3] uint8, one at a time to spare memory."""
    pictures = [movq.decode(latent[None], force_not_quantize=True).sample[0] for latent in latents_BCHW]
    values = torch.stack(pictures).clamp(-1, 1).add(1).mul(127.5).round().byte()
    return values.permute(0, 2, 3, 1).contiguous().numpy()


def draw(
    model: Model,
    captions: list[str],
    *,
    seed: int = 0,
    steps: int = 25,
    guidance: float = 1.0,
    batch: int = 16,
) -> NDArray[np.uint8]:
    """Draw any number of captions as [B, H, W, 3] uint8."""
    pictures = []
    for start in range(0, len(captions), batch):
        part = captions[start : start + batch]
        latents = draw_latents(model, part, seed=seed + start, steps=steps, guidance=guidance)
        pictures.append(to_pixels(model.movq, latents))
    return np.concatenate(pictures)
