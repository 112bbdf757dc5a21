"""Kandinsky 3: a UNet that reads T5's words directly, and has a guidance scale of its own.

Legend: B images, R rows (the negative ones first, where guidance is on), C channels, L tokens,
D text width.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import torch
from torch import Tensor

from wassily.engine.events import Event, Note
from wassily.engine.families.movq import CELL_PX, Movq
from wassily.engine.families.spec import SPECS, Source, Wording
from wassily.engine.families.tokens import Tokenizer, cut_note, tokenise
from wassily.engine.fast.text_rows import TextRows, pad_to, pool_text, predict_noise, read_text, stack_rows
from wassily.engine.memory.resident import Resident
from wassily.engine.sampling.moves import Move
from wassily.engine.sampling.noise import slerp
from wassily.engine.sampling.schedule import Schedule
from wassily.engine.sampling.step import noised
from wassily.errors import CapabilityError

_TEXT_TOKENS: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Words:
    """A concept of 3: T5's states (L, D), zero where the mask (L,) is 0."""

    embeds_LD: Tensor
    mask_L: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Condition3:
    """The read text of every row, and the guidance."""

    rows: TextRows
    guidance: float


class Kandinsky3:
    """The family contract of spec.Family for 3 and its inpainting network."""

    keeps_while_inpainting = False

    def __init__(
        self,
        networks: Resident,
        *,
        movq: Movq,
        schedule: Schedule,
        tokenizer: Tokenizer,
        null_embedding_D: Tensor | None,
        inpaints: bool,
    ) -> None:
        self.inpaints = inpaints
        self.spec = SPECS["kandinsky-3"]
        self.movq = movq
        self.schedule = schedule
        self._networks = networks
        self._tokenizer = tokenizer
        self._null_embedding_D = null_embedding_D
        self._texts: dict[str, Words] = {}

    def embed(self, source: Source, wording: Wording, seeds: Sequence[int]) -> Generator[Event, None, Words]:
        """T5's states of a text. Raises CapabilityError for anything else."""
        if not isinstance(source, str):
            raise CapabilityError(
                "Kandinsky 3 mixes texts only",
                why="it has no encoder for pictures",
                fix="mix texts, or mix pictures with --model kandinsky-2.2",
            )
        yield from cut_note(self._tokenizer, source, limit=_TEXT_TOKENS)
        return self._read(source)

    def blend(self, parts: Sequence[tuple[Words, float]]) -> Words:
        """The weighted sum, position by position; what any part says is read."""
        longest = max(len(words.mask_L) for words, _ in parts)
        embeds = torch.stack([pad_to(words.embeds_LD, longest) * weight for words, weight in parts]).sum(0)
        masks = torch.stack([pad_to(words.mask_L, longest) for words, _ in parts])
        return Words(embeds_LD=embeds, mask_L=masks.amax(0))

    def turn(self, start: Words, end: Words, position: float) -> Words:
        """The states between two texts, on the great circle."""
        both = self.blend([(start, 0.5), (end, 0.5)])
        length = len(both.mask_L)
        ends = [pad_to(words.embeds_LD, length)[None] for words in (start, end)]
        return replace(both, embeds_LD=slerp(ends[0], ends[1], position)[0])

    def condition(
        self, concept: Words, wording: Wording, seeds: Sequence[int]
    ) -> Generator[Event, None, Condition3]:
        """The text read by the UNet's own layers, with its negative rows.

        The pooling of a text runs over its tokens and one empty position, that of the negative
        text over at least as many as the prompt's: as the reference does for one picture.
        """
        original = wording.original and self._null_embedding_D is not None
        if wording.original and not original:
            yield Note(text="the checkpoint has no learned null_embedding: the empty condition is zeros")
        rows = [self._project(concept, original=original)]
        if wording.guidance != self.spec.neutral_guidance:
            yield from cut_note(self._tokenizer, wording.negative, limit=_TEXT_TOKENS)
            rows.insert(0, self._away(wording.negative, len(concept.mask_L), original=original))
        stacked = stack_rows(self._unet, rows)
        repeated = TextRows(
            context=stacked.context.repeat_interleave(len(seeds), dim=0),
            mask=stacked.mask.repeat_interleave(len(seeds), dim=0),
            pooled=stacked.pooled.repeat_interleave(len(seeds), dim=0),
        )
        return Condition3(rows=repeated, guidance=wording.guidance)

    def predict(self, x_BCHW: Tensor, t: int, condition: Condition3, *, extra_BCHW: Tensor | None) -> Tensor:
        """The guided prediction (B, C, H, W): (w + 1) text - w uncond."""
        unet = self._unet
        x = x_BCHW if extra_BCHW is None else torch.cat([x_BCHW, extra_BCHW], dim=1)
        rows = condition.rows
        x_RCHW = x.to(self._networks.dtype).repeat(len(rows.mask) // len(x), 1, 1, 1)
        output = predict_noise(unet, x_RCHW, t, rows=rows).float()
        if condition.guidance == self.spec.neutral_guidance:
            return output
        away, towards = output.chunk(2)
        return (condition.guidance + 1.0) * towards - condition.guidance * away

    def begin(self, clean: Tensor, noise: Tensor, *, move: Move, strength: float) -> Tensor:
        """The latents noised to the level of the first step."""
        return noised(clean, noise, alpha=move.levels.alpha, sigma=move.levels.sigma)

    def inpaint_input(self, pixels_BCHW: Tensor, clean: Tensor, hole_B1HW: Tensor) -> tuple[Tensor, Tensor]:
        """[mask with 1 = keep, latents of the picture greyed out in the hole], and the mask.

        Source: ai-forever/Kandinsky-3, kandinsky3/inpainting_pipeline.py.
        """
        mask = 1 - hole_B1HW[:, :, ::CELL_PX, ::CELL_PX].float()
        masked = self.movq.encode(pixels_BCHW * (1 - hole_B1HW.float()))
        return torch.cat([mask, masked], dim=1), mask

    def _read(self, text: str) -> Words:
        if text not in self._texts:
            device = self._networks.device
            ids, mask = tokenise(self._tokenizer, text, length=_TEXT_TOKENS, device=device, pad=False)
            states = self._networks["text_encoder"](ids, attention_mask=mask).last_hidden_state[0]
            length = min(
                len(states) + 1, _TEXT_TOKENS
            )  # the reference keeps one empty position, where it fits
            embeds = pad_to(states.to(self._networks.dtype), length)
            self._texts[text] = Words(embeds_LD=embeds, mask_L=pad_to(mask[0], length))
        return self._texts[text]

    def _project(self, words: Words, *, original: bool, length: int = 0) -> TextRows:
        rows = read_text(self._unet, words.embeds_LD, words.mask_L, length=max(length, len(words.mask_L)))
        if not original:
            return rows
        # The original zeroes padding after the projection, diffusers before it.
        return pool_text(self._unet, rows.context * rows.mask[..., None], rows.mask)

    def _away(self, negative: str, length: int, *, original: bool) -> TextRows:
        if negative:
            return self._project(self._read(negative), original=original, length=length)
        width = self._unet.config.encoder_hid_dim
        nothing = torch.zeros(length, width, device=self._networks.device, dtype=self._networks.dtype)
        mask = torch.zeros(length, device=self._networks.device, dtype=torch.long)
        if not original or self._null_embedding_D is None:
            return read_text(self._unet, nothing, mask, length=length)
        context = torch.zeros(1, length, self._unet.config.cross_attention_dim).to(nothing)
        context[0, 0] = self._null_embedding_D.to(nothing)
        mask[0] = 1
        return pool_text(self._unet, context, mask[None])

    @property
    def _unet(self) -> Any:
        return self._networks["unet"]
