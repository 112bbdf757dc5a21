"""The prior's text half computed once: an exact rewrite of PriorTransformer.forward.

The prior is causal, and the time and the noisy embedding come last, so keys and values of the
text never change from step to step. Legend: R condition rows, N images per row, T text tokens,
P = T + 1 cached positions, S = 3 new ones (time, noisy embedding, readout), D width, K heads.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_MASKED = -10000.0  # what the published network adds where attention is not allowed


class PriorCache:
    """A prior with its text read: `predict` runs three tokens instead of T + 4.

    `text_RD`: pooled text embeddings; `hidden_RTD`: the text encoder's last states; `mask_RT`:
    1 where there is text.
    """

    def __init__(self, prior: Any, *, text_RD: Tensor, hidden_RTD: Tensor, mask_RT: Tensor) -> None:
        self._prior = prior
        self._mask = _attention_mask(prior, mask_RT)
        self._cached = hidden_RTD.shape[1] + 1
        tokens = torch.cat(
            [prior.encoder_hidden_states_proj(hidden_RTD), prior.embedding_proj(text_RD)[:, None]], dim=1
        )
        x_RPD = tokens + prior.positional_embedding[:, : self._cached].to(tokens.dtype)
        mask = self._mask[:, :, : self._cached, : self._cached]
        self._keys: list[tuple[Tensor, Tensor]] = []
        for block in prior.transformer_blocks:
            key, value = _keys(block, x_RPD)
            self._keys.append((key, value))
            x_RPD = _block(block, x_RPD, key=key, value=value, mask=mask)

    def predict(self, x_RND: Tensor, t: int) -> Tensor:
        """The predicted clean embeddings (R, N, D) of noisy ones at timestep t."""
        prior = self._prior
        rows, images, _ = x_RND.shape
        tokens = self._new_tokens(x_RND.flatten(0, 1), t)
        mask = self._mask[:, :, self._cached :].repeat_interleave(images, dim=0)
        for block, (key, value) in zip(prior.transformer_blocks, self._keys, strict=True):
            new_key, new_value = _keys(block, tokens)
            all_keys = torch.cat([key.repeat_interleave(images, dim=0), new_key], dim=2)
            all_values = torch.cat([value.repeat_interleave(images, dim=0), new_value], dim=2)
            tokens = _block(block, tokens, key=all_keys, value=all_values, mask=mask)
        clean: Tensor = prior.proj_to_clip_embeddings(prior.norm_out(tokens)[:, -1])
        return clean.reshape(rows, images, -1)

    def _new_tokens(self, x_QD: Tensor, t: int) -> Tensor:
        prior = self._prior
        times = torch.full((len(x_QD),), t, device=x_QD.device)
        time_QD = prior.time_embedding(prior.time_proj(times).to(x_QD.dtype))
        readout = prior.prd_embedding.to(x_QD.dtype).expand(len(x_QD), -1, -1)
        tokens = torch.cat([time_QD[:, None], prior.proj_in(x_QD)[:, None], readout], dim=1)
        places: Tensor = prior.positional_embedding[:, self._cached :].to(tokens.dtype)
        return tokens + places


def _attention_mask(prior: Any, mask_RT: Tensor) -> Tensor:
    hidden = (1 - mask_RT.to(prior.dtype)) * _MASKED
    padded = functional.pad(hidden, (0, prior.additional_embeddings))
    mask: Tensor = (padded[:, None, :] + prior.causal_attention_mask).to(prior.dtype)
    return mask[:, None]


def _keys(block: Any, x_BSD: Tensor) -> tuple[Tensor, Tensor]:
    normed = block.norm1(x_BSD)
    return _heads(block, block.attn1.to_k(normed)), _heads(block, block.attn1.to_v(normed))


def _heads(block: Any, x_BSD: Tensor) -> Tensor:
    return x_BSD.reshape(*x_BSD.shape[:2], block.attn1.heads, -1).transpose(1, 2)


def _block(block: Any, x_BSD: Tensor, *, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    query = _heads(block, block.attn1.to_q(block.norm1(x_BSD)))
    seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    x_BSD = x_BSD + block.attn1.to_out[0](seen.transpose(1, 2).flatten(2))
    result: Tensor = x_BSD + block.ff(block.norm3(x_BSD))
    return result
