"""Kandinsky 2.1 and 2.2: a prior turns the text into an image embedding, a UNet draws from that.

2.1's UNet also reads the words, through a multilingual text encoder. Legend: B images, R rows
(the negative ones first, where guidance is on), C channels, D embedding width, T text tokens,
W text width.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from wassily.engine.events import Event
from wassily.engine.families.movq import CELL_PX, Movq
from wassily.engine.families.prior import Prior
from wassily.engine.families.spec import Source, Spec, Wording
from wassily.engine.families.tokens import Tokenizer, cut_note, tokenise
from wassily.engine.families.vision import Vision, blend_visions, envision, negative_vision, turn_vision
from wassily.engine.memory.resident import Resident
from wassily.engine.sampling.moves import Move
from wassily.engine.sampling.schedule import Schedule
from wassily.engine.sampling.step import noised

_TEXT_TOKENS: Final = 77


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Condition2:
    """Image embeddings (R, D); for 2.1 also pooled text (R, D) and text states (R, T, W)."""

    vision_RD: Tensor
    text_RD: Tensor | None
    states_RTW: Tensor | None
    guidance: float


class Kandinsky2:
    """The family contract of spec.Family; with a `tokenizer` it is 2.1, which reads words as well."""

    def __init__(
        self,
        spec: Spec,
        networks: Resident,
        *,
        prior: Prior,
        movq: Movq,
        schedule: Schedule,
        tokenizer: Tokenizer | None,
        inpaints: bool,
    ) -> None:
        self.inpaints = inpaints
        self.spec = spec
        self.movq = movq
        self.schedule = schedule
        self.keeps_while_inpainting = tokenizer is None
        self._networks = networks
        self._prior = prior
        self._tokenizer = tokenizer
        self._texts: dict[str, tuple[Tensor, Tensor]] = {}

    def embed(self, source: Source, wording: Wording, seeds: Sequence[int]) -> Generator[Event, None, Vision]:
        """The image embeddings that a source stands for."""
        return (yield from envision(self._prior, source, wording, seeds=seeds, device=self._networks.device))

    def blend(self, parts: Sequence[tuple[Vision, float]]) -> Vision:
        """The weighted sum of embeddings."""
        return blend_visions(parts)

    def turn(self, start: Vision, end: Vision, position: float) -> Vision:
        """The embedding between two, on the great circle."""
        return turn_vision(start, end, position)

    def condition(
        self, concept: Vision, wording: Wording, seeds: Sequence[int]
    ) -> Generator[Event, None, Condition2]:
        """The embeddings, and 2.1's words, with their negative rows."""
        visions, words = [concept.vector_BD], [wording.prompt]
        if wording.guidance != self.spec.neutral_guidance:
            visions.insert(0, (yield from self.negative(concept, wording, seeds)))
            words.insert(0, wording.negative)
        text, states = None, None
        if self._tokenizer is not None:
            yield from cut_note(self._tokenizer, wording.prompt, limit=_TEXT_TOKENS)
            read = [self._read(self._tokenizer, text) for text in words]
            text, states = (
                torch.cat(part).repeat_interleave(len(seeds), 0) for part in zip(*read, strict=True)
            )
        vision = torch.cat(visions).to(self._networks.dtype)
        return Condition2(vision_RD=vision, text_RD=text, states_RTW=states, guidance=wording.guidance)

    def negative(
        self, concept: Vision, wording: Wording, seeds: Sequence[int]
    ) -> Generator[Event, None, Tensor]:
        """The image embeddings (B, D) that a concept is guided away from."""
        return (yield from negative_vision(self._prior, concept, wording, seeds=seeds))

    def predict(self, x_BCHW: Tensor, t: int, condition: Condition2, *, extra_BCHW: Tensor | None) -> Tensor:
        """The guided prediction with its learned variance, (B, 2C, H, W)."""
        unet = self._unet
        x = x_BCHW if extra_BCHW is None else torch.cat([x_BCHW, extra_BCHW], dim=1)
        added = {"image_embeds": condition.vision_RD}
        if condition.text_RD is not None:
            added["text_embeds"] = condition.text_RD
        output = unet(
            x.to(self._networks.dtype).repeat(len(condition.vision_RD) // len(x), 1, 1, 1),
            t,
            encoder_hidden_states=condition.states_RTW,
            added_cond_kwargs=added,
            return_dict=False,
        )[0].float()
        return (
            output if condition.guidance == self.spec.neutral_guidance else guide(output, condition.guidance)
        )

    def begin(self, clean: Tensor, noise: Tensor, *, move: Move, strength: float) -> Tensor:
        """The latents noised to the level of the first step; 2.1 noises by strength instead.

        Source for 2.1: ai-forever/Kandinsky-2, betas 1e-4 to 0.02 at t = 1000 strength - 2.
        """
        if self._tokenizer is None:
            return noised(clean, noise, alpha=move.levels.alpha, sigma=move.levels.sigma)
        alpha_bar = torch.cumprod(1 - torch.linspace(0.0001, 0.02, 1000), dim=0)
        kept = alpha_bar[max(int(self.schedule.train_steps * strength) - 2, 0)]
        return noised(clean, noise, alpha=kept**0.5, sigma=(1 - kept) ** 0.5)

    def inpaint_input(self, pixels_BCHW: Tensor, clean: Tensor, hole_B1HW: Tensor) -> tuple[Tensor, Tensor]:
        """[masked latents, mask with 1 = keep], and the mask."""
        mask = inpaint_mask(hole_B1HW)
        return torch.cat([clean * mask, mask], dim=1), mask

    def _read(self, tokenizer: Tokenizer, text: str) -> tuple[Tensor, Tensor]:
        if text not in self._texts:
            ids, mask = tokenise(tokenizer, text, length=_TEXT_TOKENS, device=self._networks.device)
            pooled, states = self._networks["text_encoder"](input_ids=ids, attention_mask=mask)
            self._texts[text] = (pooled.to(self._networks.dtype), states.to(self._networks.dtype))
        return self._texts[text]

    @property
    def _unet(self) -> Any:
        return self._networks["unet"]


def guide(output_RCHW: Tensor, guidance: float) -> Tensor:
    """Classifier-free guidance (Ho and Salimans 2022) of the mean; the variance is the text's own."""
    away, towards = output_RCHW.chunk(2)
    mean_away = away[:, : away.shape[1] // 2]
    mean, variance = towards.chunk(2, dim=1)
    return torch.cat([mean_away + guidance * (mean - mean_away), variance], dim=1)


def inpaint_mask(hole_B1HW: Tensor) -> Tensor:
    """1 where latents stay: each cell's corner pixel, with the hole grown by one cell.

    The hole grows to all neighbours but the two on the rising diagonal, which is what two 2 x 2
    max-pools give, and what the networks were trained with.
    """
    hole = hole_B1HW[:, :, ::CELL_PX, ::CELL_PX].float()
    before = functional.max_pool2d(functional.pad(hole, (1, 0, 1, 0)), 2, stride=1)
    after = functional.max_pool2d(functional.pad(hole, (0, 1, 0, 1)), 2, stride=1)
    return 1 - torch.maximum(before, after)
