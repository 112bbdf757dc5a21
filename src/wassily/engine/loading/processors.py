"""What stands before the networks: tokenizers, and the preparation of pictures for CLIP.

They are read from the model's folder only, by classes that this program names: no code of a
checkpoint is ever run.
"""

from typing import TYPE_CHECKING, Final

from wassily.engine.loading.checkpoint import Checkpoint
from wassily.errors import ModelBroken

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

# Every tokenizer of the three families is one of four classes; "Fast" names are of old versions.
_CLASSES: Final = {
    "CLIPTokenizer": "CLIPTokenizer",
    "CLIPTokenizerFast": "CLIPTokenizer",
    "T5Tokenizer": "T5Tokenizer",
    "T5TokenizerFast": "T5Tokenizer",
    "XLMRobertaTokenizer": "XLMRobertaTokenizer",
    "XLMRobertaTokenizerFast": "XLMRobertaTokenizer",
    "PreTrainedTokenizerFast": "PreTrainedTokenizerFast",
    "TokenizersBackend": "PreTrainedTokenizerFast",
}


def load_tokenizer(checkpoint: Checkpoint, component: str = "tokenizer") -> "PreTrainedTokenizerBase":
    """Read the tokenizer of a checkpoint; raises ModelBroken."""
    import transformers

    place = checkpoint.folder / component
    kind = str(checkpoint.config(component).get("tokenizer_class"))
    if kind not in _CLASSES:
        raise ModelBroken(
            f"{place} is of an unknown kind",
            why=f"its tokenizer_config.json says {kind}",
            fix=f"use one of {', '.join(sorted(set(_CLASSES.values())))}",
        )
    try:
        tokenizer: PreTrainedTokenizerBase = getattr(transformers, _CLASSES[kind]).from_pretrained(
            place, local_files_only=True
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelBroken(f"{place} cannot be read", why=str(error), fix="download the model again") from error
    return tokenizer


def load_image_processor(checkpoint: Checkpoint) -> "CLIPImageProcessorPil":
    """Read how a prior's image encoder wants its pictures; raises ModelBroken.

    Always the class on Pillow: the one on torchvision resizes to slightly other values, and a
    picture must not depend on whether torchvision is installed.
    """
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    settings = dict(checkpoint.config("image_processor"))
    return CLIPImageProcessorPil.from_dict(settings)
