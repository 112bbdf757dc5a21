"""Kandinsky 3's text, read once per picture instead of once per step: exact rewrites.

The published UNet projects the text, and pools it for the time embedding, at every call; its
pooling averages over the padding, so a picture changes with its batch mates. Here both are done
once per prompt at the prompt's own length. Legend: L tokens, D text width, E time width, R rows.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_MASKED = -10000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextRows:
    """Projected text (R, L, D), its mask (R, L) with 1 where there is text, and its pooling (R, E)."""

    context: Tensor
    mask: Tensor
    pooled: Tensor


def read_text(unet: Any, embeds_LD: Tensor, mask_L: Tensor, *, length: int) -> TextRows:
    """One row of projected and pooled text; positions past the mask count in the pooling, up to `length`."""
    context = unet.encoder_hid_proj(pad_to(embeds_LD, length)[None])
    return pool_text(unet, context, pad_to(mask_L, length)[None])


def pool_text(unet: Any, context_RLD: Tensor, mask_RL: Tensor) -> TextRows:
    """The rows of an already projected context."""
    nothing = context_RLD.new_zeros(len(context_RLD), unet.config.time_embedding_dim)
    bias = ((1 - mask_RL.to(context_RLD.dtype)) * _MASKED)[:, None]
    return TextRows(
        context=context_RLD, mask=mask_RL, pooled=unet.add_time_condition(nothing, context_RLD, bias)
    )


def stack_rows(unet: Any, rows: list[TextRows]) -> TextRows:
    """Rows of several lengths as one, padded with what the network makes of an empty position."""
    longest = max(row.context.shape[1] for row in rows)
    empty = unet.encoder_hid_proj(rows[0].context.new_zeros(1, 1, unet.config.encoder_hid_dim))
    contexts = []
    for row in rows:
        missing = longest - row.context.shape[1]
        contexts.append(torch.cat([row.context, empty.expand(len(row.context), missing, -1)], dim=1))
    masks = [functional.pad(row.mask, (0, longest - row.mask.shape[1])) for row in rows]
    return TextRows(
        context=torch.cat(contexts), mask=torch.cat(masks), pooled=torch.cat([row.pooled for row in rows])
    )


def predict_noise(unet: Any, x_RCHW: Tensor, t: int, *, rows: TextRows) -> Tensor:
    """Kandinsky3UNet.forward with the text already read; (R, C, H, W)."""
    time = torch.full((len(x_RCHW),), t, device=x_RCHW.device)
    embedded = unet.time_embedding(unet.time_proj(time).to(x_RCHW.dtype)) + rows.pooled
    bias = ((1 - rows.mask.to(x_RCHW.dtype)) * _MASKED)[:, None]
    x = unet.conv_in(x_RCHW)
    skipped = []
    for block in unet.down_blocks:
        x = block(x, embedded, rows.context, bias)
        skipped.append(x)
    skipped.pop()
    for level, block in enumerate(unet.up_blocks):
        x = block(x if level == 0 else torch.cat([x, skipped.pop()], dim=1), embedded, rows.context, bias)
    result: Tensor = unet.conv_out(unet.conv_act_out(unet.conv_norm_out(x)))
    return result


def pad_to(tensor: Tensor, length: int) -> Tensor:
    """The first axis filled with zeros to `length`."""
    missing = length - len(tensor)
    return functional.pad(tensor, (*(0, 0) * (tensor.ndim - 1), 0, missing))
