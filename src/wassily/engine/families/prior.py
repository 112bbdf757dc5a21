"""The unCLIP prior of 2.1 and 2.2: a text to the CLIP embedding of a picture of it.

Legend: D embedding width, T text tokens, B images.
"""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final

import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from wassily.engine.events import Event, Note, Step
from wassily.engine.families.spec import Wording
from wassily.engine.families.tokens import cut_note, tokenise
from wassily.engine.fast.prior_cache import PriorCache
from wassily.engine.loading import Checkpoint, load_image_processor, load_tokenizer
from wassily.engine.memory.resident import Resident
from wassily.engine.sampling.denoise import denoise
from wassily.engine.sampling.noise import Noise
from wassily.engine.sampling.samplers import plan_moves
from wassily.engine.sampling.schedule import read_schedule

_TEXT_TOKENS: Final = 77
_NEUTRAL_GUIDANCE: Final = 1.0


class Prior:
    """The prior of a 2.x checkpoint; `constants` is the folder where what never changes is kept."""

    def __init__(self, checkpoint: Checkpoint, networks: Resident, *, constants: Path) -> None:
        self._checkpoint = checkpoint
        self._networks = networks
        self._constants = constants
        self._schedule = read_schedule(checkpoint.config("scheduler"))
        self._tokenizer = load_tokenizer(checkpoint)
        self._texts: dict[str, tuple[Tensor, Tensor, Tensor]] = {}

    def draw(
        self, prompt: str, wording: Wording, seeds: Sequence[int], *, negative: str
    ) -> Generator[Event, None, Tensor]:
        """Image embeddings (B, D) of a text, guided away from `negative`; each image its own noise."""
        yield from self._notes(prompt)
        prior = self._networks["prior"]
        guidance = wording.prior_guidance if wording.prior_guidance is not None else 4.0
        guided = guidance != _NEUTRAL_GUIDANCE
        texts = [self._read(text) for text in ([negative, prompt] if guided else [prompt])]
        text, hidden, mask = (torch.cat(parts) for parts in zip(*texts, strict=True))
        cache = PriorCache(prior, text_RD=text, hidden_RTD=hidden, mask_RT=mask)

        def predict(x_BD: Tensor, t: int) -> Tensor:
            clean_RBD = cache.predict(x_BD.to(self._networks.dtype).expand(len(texts), -1, -1), t).float()
            first, last = clean_RBD[0], clean_RBD[-1]
            return first + guidance * (last - first) if guided else last

        noise = Noise(seeds, device=self._networks.device)
        moves = plan_moves(self._schedule, "unclip", wording.prior_steps or 25)
        x_BD = noise.draw((prior.config.embedding_dim,))
        for moment in denoise(predict, x_BD, moves, schedule=self._schedule, noise=noise):
            x_BD = moment.x
            yield Step(stage="prior", index=moment.index, total=moment.total, seeds=tuple(seeds), sketch=list)
        scaled: Tensor = x_BD * prior.clip_std.float() + prior.clip_mean.float()
        return scaled

    @property
    def width(self) -> int:
        """How many numbers an image embedding has."""
        return int(self._networks["prior"].config.embedding_dim)

    def see(self, picture: Image.Image) -> Tensor:
        """The CLIP embedding (1, D) of a picture."""
        encoder = self._networks["image_encoder"]
        pixels = load_image_processor(self._checkpoint)(picture, return_tensors="pt").pixel_values
        embedding: Tensor = encoder(pixels.to(encoder.device, encoder.dtype)).image_embeds
        return embedding.float()

    def nothing(self) -> Tensor:
        """The CLIP embedding (1, D) of an all-zero picture: a constant of the checkpoint.

        Computed once and kept beside the other constants, so that drawing from text does not
        read the image encoder (3.7 GB for 2.2).
        """
        kept = self._constants / f"zero-image-{self._checkpoint.digest}.safetensors"
        if kept.exists():
            return load_file(kept)["embedding"].to(self._networks.device)
        encoder = self._networks["image_encoder"]
        size = encoder.config.image_size
        blank = torch.zeros(1, 3, size, size, device=encoder.device, dtype=encoder.dtype)
        embedding: Tensor = encoder(blank).image_embeds.float()
        self._networks.drop("image_encoder")
        self._constants.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{id(embedding)}.partial")
        save_file({"embedding": embedding.cpu().contiguous()}, partial)
        partial.replace(kept)
        return embedding

    def _notes(self, prompt: str) -> list[Note]:
        return cut_note(self._tokenizer, prompt, limit=_TEXT_TOKENS)

    def _read(self, text: str) -> tuple[Tensor, Tensor, Tensor]:
        """Pooled (1, D), states (1, T, D) and mask (1, T) of a text."""
        if text not in self._texts:
            encoder = self._networks["text_encoder"]
            ids, mask = tokenise(self._tokenizer, text, length=_TEXT_TOKENS, device=self._networks.device)
            output = encoder(ids)
            dtype = self._networks.dtype
            self._texts[text] = (output.text_embeds.to(dtype), output.last_hidden_state.to(dtype), mask)
        return self._texts[text]
