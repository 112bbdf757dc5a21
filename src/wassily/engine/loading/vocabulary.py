"""Which class reads a tokenizer's folder, and whether the vocabulary that it needs is there.

It must be checked: without one, or with one that it cannot parse, transformers makes a tokenizer
that knows next to nothing and does not say so.
"""

from pathlib import Path
from typing import Final

from wassily.engine.loading.checkpoint import SETTINGS, read_json
from wassily.errors import ModelBroken

# What each class reads where there is no tokenizer.json.
_FILES: Final[dict[str, tuple[str, ...]]] = {
    "CLIPTokenizer": ("vocab.json", "merges.txt"),
    "T5Tokenizer": ("spiece.model",),
    "XLMRobertaTokenizer": ("sentencepiece.bpe.model",),
    "PreTrainedTokenizerFast": ("tokenizer.json",),
}


def check_vocabulary(place: Path) -> str:
    """Return the name of the class that reads this tokenizer; raises ModelBroken.

    Only classes named here are ever used, so that no code of a checkpoint is run.
    """
    stated = str(read_json(place / SETTINGS["tokenizer"]).get("tokenizer_class"))
    # Before transformers 5 each class had a twin, now the only one, with "Fast" at its end.
    name = "PreTrainedTokenizerFast" if stated == "TokenizersBackend" else stated
    name = name if name in _FILES else name.removesuffix("Fast")
    if name not in _FILES:
        raise ModelBroken(
            f"{place} is of an unknown kind",
            why=f"its tokenizer_config.json says {stated}",
            fix=f"use one of {', '.join(_FILES)}",
        )
    single = place / "tokenizer.json"
    files = (single,) if single.is_file() else tuple(place / file for file in _FILES[name])
    for file in files:
        if not file.is_file() or file.stat().st_size == 0:
            raise ModelBroken(
                f"{place} holds no vocabulary",
                why=f"{file.name} is missing or empty",
                fix="download the model again",
            )
        if file.suffix == ".json":
            read_json(file)
    return name
