"""What stands before the networks: tokenizers, and the preparation of pictures for CLIP.

They are read from the model's folder only, by classes that this program names: no code of a
checkpoint is ever run.
"""

from typing import TYPE_CHECKING

from wassily.engine.loading.checkpoint import Checkpoint
from wassily.engine.loading.vocabulary import check_vocabulary
from wassily.errors import ModelBroken

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil


def load_tokenizer(checkpoint: Checkpoint, component: str = "tokenizer") -> "PreTrainedTokenizerBase":
    """Read the tokenizer of a checkpoint; raises ModelBroken."""
    import sentencepiece
    import transformers

    place = checkpoint.folder / component
    chosen = getattr(transformers, check_vocabulary(place))
    try:
        for model in place.glob("*.model"):
            # transformers takes one that it cannot parse for another format, and blames a missing library.
            sentencepiece.SentencePieceProcessor(model_file=str(model))
        tokenizer: PreTrainedTokenizerBase = chosen.from_pretrained(place, local_files_only=True)
    # The Rust library below raises nothing finer for a vocabulary that it cannot parse.
    except Exception as error:
        why = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else repr(error)
        raise ModelBroken(f"{place} cannot be read", why=why, fix="download the model again") from error
    return tokenizer


def load_image_processor(checkpoint: Checkpoint) -> "CLIPImageProcessorPil":
    """Read how a prior's image encoder wants its pictures; raises ModelBroken.

    Always the class on Pillow: the one on torchvision resizes to slightly other values, and a
    picture must not depend on whether torchvision is installed.
    """
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    return CLIPImageProcessorPil.from_dict(dict(checkpoint.config("image_processor")))
