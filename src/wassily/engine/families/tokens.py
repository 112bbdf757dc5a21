"""Text to token ids, and what of a text is lost on the way."""

from typing import Any

import torch
from torch import Tensor

from wassily.engine.events import Note

Tokenizer = Any  # transformers' tokenizers share no useful static type


def tokenise(
    tokenizer: Tokenizer, text: str, *, length: int, device: torch.device, pad: bool = True
) -> tuple[Tensor, Tensor]:
    """Ids and mask, each (1, length), or (1, own length) without `pad`; longer texts are cut."""
    tokens = tokenizer(
        text,
        padding="max_length" if pad else False,
        max_length=length,
        truncation=True,
        return_attention_mask=True,
        return_tensors="pt",
    )
    return tokens.input_ids.to(device), tokens.attention_mask.to(device)


def cut_note(tokenizer: Tokenizer, text: str, *, limit: int) -> list[Note]:
    """A note that shows the words beyond `limit` tokens, or nothing where all fit."""
    ids = tokenizer(text, truncation=False, verbose=False).input_ids
    if len(ids) <= limit:
        return []
    kept = tokenizer(text, truncation=True, max_length=limit).input_ids
    special = set(tokenizer.all_special_ids)
    body = [token for token in ids if token not in special]
    dropped = tokenizer.decode(body[len([token for token in kept if token not in special]) :]).strip()
    return [
        Note(text=f'the prompt is {len(ids)} tokens long, the model reads {limit}: "{dropped}" is left out')
    ]
