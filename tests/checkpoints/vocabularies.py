"""Tokenizers small enough to make in a test: a byte-level BPE like CLIP's, and two SentencePiece models."""

import io
import json
from pathlib import Path

import sentencepiece

SENTENCES = (
    "a red cat sits on the roof of a small house",
    "a photograph of a cat in space, 4k, best quality",
    "an oil painting of a sea storm at night by a great master",
    "two dogs and a bird play in the green garden near the river",
    "low quality, bad quality, blurry, worst hands",
    "portrait of a young woman with blue eyes, cinematic light",
    "a blue circle over a yellow triangle, abstract composition",
    "красный кот сидит на крыше маленького дома",
    "ночное море и звёзды, картина маслом",
    "eine rote Katze auf dem Dach, un chat rouge sur le toit",
)

CLIP_MERGES = ("c a", "ca t</w>", "r e", "re d</w>", "t h", "th e</w>", "o n</w>", "a n</w>")


def write_clip_tokenizer(folder: Path, *, pad: str) -> int:
    """Write vocab.json, merges.txt and their two settings files; return the number of ids."""
    folder.mkdir(parents=True, exist_ok=True)
    symbols = list(_byte_symbols().values())
    tokens = symbols + [s + "</w>" for s in symbols] + [m.replace(" ", "") for m in CLIP_MERGES]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    ids = {token: i for i, token in enumerate(tokens)}
    _write_json(folder / "vocab.json", ids)
    (folder / "merges.txt").write_text("\n".join(("#version: 0.2", *CLIP_MERGES)) + "\n", encoding="utf-8")
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    special["pad_token"] = pad
    _write_json(folder / "special_tokens_map.json", special)
    settings = {"add_prefix_space": False, "do_lower_case": True, "errors": "replace", "model_max_length": 77}
    _write_json(folder / "tokenizer_config.json", settings | special | {"tokenizer_class": "CLIPTokenizer"})
    return len(ids)


def write_t5_tokenizer(folder: Path) -> int:
    """Write spiece.model and its two settings files, no tokenizer.json; return the number of ids."""
    folder.mkdir(parents=True, exist_ok=True)
    model = _train(pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    (folder / "spiece.model").write_bytes(model)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=model).get_piece_size()
    extra = [f"<extra_id_{i}>" for i in range(100)]
    special = {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    _write_json(folder / "special_tokens_map.json", special | {"additional_special_tokens": extra})
    names = {0: "<pad>", 1: "</s>", 2: "<unk>"} | {pieces + 99 - i: name for i, name in enumerate(extra)}
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    settings = {
        "add_prefix_space": True,
        "added_tokens_decoder": {str(i): {"content": names[i]} | flags for i in sorted(names)},
        "additional_special_tokens": extra,
        "clean_up_tokenization_spaces": True,
        "extra_ids": 100,
        "model_max_length": 512,
        "sp_model_kwargs": {},
        "tokenizer_class": "T5Tokenizer",
    }
    _write_json(folder / "tokenizer_config.json", settings | special)
    return pieces + 100


def write_xlm_roberta_tokenizer(folder: Path) -> int:
    """Write sentencepiece.bpe.model and its two settings files; return the number of ids."""
    folder.mkdir(parents=True, exist_ok=True)
    model = _train(unk_id=0, bos_id=1, eos_id=2, pad_id=-1)
    (folder / "sentencepiece.bpe.model").write_bytes(model)
    special = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    special |= {"mask_token": "<mask>", "pad_token": "<pad>", "unk_token": "<unk>"}
    _write_json(folder / "special_tokens_map.json", special)
    settings = {"model_max_length": 514, "tokenizer_class": "XLMRobertaTokenizer"}
    _write_json(folder / "tokenizer_config.json", settings | special)
    return sentencepiece.SentencePieceProcessor(model_proto=model).get_piece_size() + 2


def _train(**ids: int) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 2),
        model_writer=model,
        vocab_size=160,
        model_type="unigram",
        character_coverage=1.0,
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
        **ids,
    )
    return model.getvalue()


def _byte_symbols() -> dict[int, str]:
    """Name every byte by a printable character, as byte-level BPE does; "!" comes first."""
    kept = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    symbols = {byte: chr(byte) for byte in kept}
    others = (byte for byte in range(256) if byte not in symbols)
    return symbols | {byte: chr(256 + i) for i, byte in enumerate(others)}


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
