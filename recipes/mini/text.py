"""Train the text side: a tokenizer over all languages and a small T5 encoder that understands captions.

The encoder learns to tell what a caption says of each attribute of a scene; then it stays as it is.
Shapes: B batch, L tokens, D = 256 features.
"""

import io
import json
import os
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import sentencepiece
import torch
import torch.nn.functional as F
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast, T5Config, T5EncoderModel

from recipes.mini.artwork import read_subjects
from recipes.mini.captions import Captioner
from recipes.mini.checkpoint import Budget, Run, learning_rate, save, seeded, spend
from recipes.mini.optimiser import Muon
from recipes.mini.places import BACKGROUNDS
from recipes.mini.scenes import POSITIONS, SIZES, TINTS, choose_scene
from recipes.mini.training import take_step
from recipes.mini.workers import Worker, run_workers

WIDTH = 256
LONGEST = 128
CORPUS = 60_000
PAD, EOS, UNKNOWN = 0, 1, 2
# T5 starts its queries and keys very small, where whole orthogonal steps would be far too large.
NOT_MUON = ("shared", "embed_tokens", "relative", "reader", "SelfAttention.q", "SelfAttention.k")
WEIGHTS = "text.pt"
TOKENIZER = "tokenizer"
# Chinese characters and punctuation are pieces of their own.
ALONE = r"[\u4e00-\u9fff]|[!-/:-@\[-`{-~，。：！？；、]"
# A character no caption holds.
CUT = "\t"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPlan:
    """What to train and for how long."""

    subjects: int | None
    budget: Budget
    batch: int = 64
    vocabulary: int = 4000
    corpus: int = CORPUS
    peak_rate: float = 1.5e-3


def build_tokenizer(corpus: list[str], *, vocabulary: int) -> PreTrainedTokenizerFast:
    """Learn a unigram vocabulary; case and ё do not matter, and every Chinese character stands alone.

    SentencePiece learns the pieces; normalising and cutting stay here, so that what is trained with
    is what any reader of `tokenizer.json` runs.
    """
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace("ё", "е"),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(ALONE), "isolated"),
            pre_tokenizers.Metaspace(prepend_scheme="first"),
        ]
    )
    lines = [CUT.join(cut_text(tokenizer, caption)) for caption in corpus]
    tokenizer.model = models.Unigram(learn_pieces(lines, vocabulary=vocabulary), UNKNOWN)
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", EOS)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=LONGEST,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )


def cut_text(tokenizer: Tokenizer, text: str) -> list[str]:
    """Normalise a text and cut it where no piece may reach across, keeping its spaces."""
    normal = tokenizer.normalizer.normalize_str(text)
    return [part for part in re.split(f"({ALONE})", normal) if part]


def learn_pieces(lines: list[str], *, vocabulary: int) -> list[tuple[str, float]]:
    """Learn the pieces and their log probabilities; the three special ones come first."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        vocab_size=vocabulary,
        model_type="unigram",
        character_coverage=1.0,
        hard_vocab_limit=False,
        normalization_rule_name="identity",
        pretokenization_delimiter=CUT,
        pad_id=PAD,
        eos_id=EOS,
        unk_id=UNKNOWN,
        bos_id=-1,
        minloglevel=2,
        num_threads=1,
    )
    learned = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    return [(learned.id_to_piece(index), learned.get_score(index)) for index in range(len(learned))]


def build_encoder(vocabulary: int) -> T5EncoderModel:
    """Make an untrained encoder in the published layout."""
    config = T5Config(
        vocab_size=vocabulary,
        d_model=WIDTH,
        d_kv=64,
        d_ff=512,
        num_layers=3,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
        relative_attention_num_buckets=32,
        tie_word_embeddings=False,
        use_cache=False,
        is_encoder_decoder=False,
        pad_token_id=PAD,
        eos_token_id=EOS,
    )
    return T5EncoderModel(config)


class Reader(nn.Module):
    """Reads attributes off an encoded caption: one learned query and one classifier per attribute."""

    def __init__(self, classes: tuple[int, ...]) -> None:
        """Make one head for each of `classes`."""
        super().__init__()
        self.queries = nn.Linear(WIDTH, len(classes), bias=False)
        self.heads = nn.ModuleList(nn.Linear(WIDTH, count) for count in classes)

    def forward(self, states_BLD: Tensor, mask_BL: Tensor) -> list[Tensor]:
        """Return the logits of every attribute, each [B, classes]."""
        scores = self.queries(states_BLD).masked_fill(mask_BL[..., None] == 0, -1e4).softmax(1)
        pooled = torch.einsum("blq,bld->qbd", scores, states_BLD)
        return [head(part) for head, part in zip(self.heads, pooled, strict=True)]


def attribute_classes(subjects: int) -> tuple[int, ...]:
    """Return the number of values of every field of a `Scene`, in its order."""
    return (subjects, len(BACKGROUNDS), len(TINTS), len(SIZES), len(POSITIONS), 2)


def tokenize(tokenizer: PreTrainedTokenizerFast, captions: list[str]) -> tuple[Tensor, Tensor]:
    """Return token ids and mask, each [B, L], padded to the longest caption plus one masked position."""
    tokens = tokenizer(captions, truncation=True, max_length=LONGEST)["input_ids"]
    length = min(LONGEST, max(map(len, tokens)) + 1)
    ids = torch.full((len(tokens), length), PAD)
    mask = torch.zeros((len(tokens), length), dtype=torch.long)
    for row, caption in enumerate(tokens):
        ids[row, : len(caption)] = torch.tensor(caption)
        mask[row, : len(caption)] = 1
    return ids, mask


def add_noise(caption: str, rng: np.random.Generator, words: list[str]) -> str:
    """Sometimes put a foreign word in, so that words it does not know disturb the encoder less."""
    if rng.random() > 0.15 or " " not in caption:
        return caption
    parts = caption.split(" ")
    parts.insert(int(rng.integers(len(parts) + 1)), words[int(rng.integers(len(words)))])
    return " ".join(parts)


def prepare_tokenizer(work: Path, plan: TextPlan) -> None:
    """Learn the tokenizer from generated captions, unless it is there."""
    folder = work / TOKENIZER
    if folder.exists():
        return
    rng, _ = seeded(3)
    subjects = read_subjects(plan.subjects)
    captioner = Captioner(subjects)
    corpus = [captioner.say(choose_scene(rng, subjects), rng) for _ in range(plan.corpus)]
    tokenizer = build_tokenizer(corpus, vocabulary=plan.vocabulary)
    partial_folder = work / f"{TOKENIZER}.{os.getpid()}"
    tokenizer.save_pretrained(partial_folder)
    partial_folder.rename(folder)


def load_tokenizer(work: Path) -> PreTrainedTokenizerFast:
    """Read the tokenizer from the work folder."""
    return PreTrainedTokenizerFast.from_pretrained(work / TOKENIZER)


def train_text(worker: Worker, work: Path, plan: TextPlan) -> None:
    """Train encoder and reader on captions of random scenes until the budget is spent."""
    subjects = read_subjects(plan.subjects)
    captioner, tokenizer = Captioner(subjects), load_tokenizer(work)
    vocabulary = json.loads((work / TOKENIZER / "tokenizer.json").read_text())["model"]["vocab"]
    words = [piece.strip("▁") for piece, _ in vocabulary if len(piece) > 3]
    torch.manual_seed(0)
    encoder, reader = build_encoder(len(tokenizer)), Reader(attribute_classes(len(subjects)))
    both = nn.ModuleDict({"encoder": encoder, "reader": reader})
    optimiser = Muon(both, matrix_scale=5, except_for=NOT_MUON)
    run = Run(path=work / "text-run.pt", model=both, optimiser=optimiser)
    run.resume()
    for progress in spend(run, plan.budget):
        rng, _ = seeded(4, worker.rank, run.step)
        scenes = [choose_scene(rng, subjects) for _ in range(plan.batch)]
        captions = [add_noise(captioner.say(scene, rng), rng, words) for scene in scenes]
        ids, mask = tokenize(tokenizer, captions)
        logits = reader(encoder(input_ids=ids, attention_mask=mask).last_hidden_state, mask)
        rows = torch.tensor([scene.row() for scene in scenes])
        losses = torch.stack([F.cross_entropy(part, rows[:, field]) for field, part in enumerate(logits)])
        rate = learning_rate(plan.peak_rate, progress, step=run.step, warm_up=50, hold=0.4)
        mean = take_step(run, worker, losses.sum(), rate=rate, batch=plan.batch)
        if worker.leads:
            if run.step % 100 == 0:
                right = [
                    f"{(part.argmax(1) == rows[:, i]).float().mean():.2f}" for i, part in enumerate(logits)
                ]
                print(
                    f"text step {run.step} {progress:.1%} loss {mean:.4f} right {' '.join(right)}", flush=True
                )
            run.save()
    if worker.leads:
        run.save(force=True)
        save(work / WEIGHTS, {"encoder": encoder.state_dict(), "reader": reader.state_dict()})


def load_encoder(work: Path) -> T5EncoderModel:
    """Read the trained encoder for use."""
    state = torch.load(work / WEIGHTS, weights_only=True)
    encoder = build_encoder(len(load_tokenizer(work)))
    encoder.load_state_dict(state["encoder"])
    return encoder.eval().requires_grad_(False)


@torch.no_grad()
def encode_captions(
    tokenizer: PreTrainedTokenizerFast, encoder: T5EncoderModel, captions: list[str]
) -> tuple[Tensor, Tensor]:
    """Return features [B, L, D], zero where masked, and mask [B, L].

    The longest caption is followed by one masked position.
    """
    ids, mask = tokenize(tokenizer, captions)
    ids, mask = ids.to(encoder.device), mask.to(encoder.device)
    states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    return states * mask[..., None], mask


def run_text(work: Path, plan: TextPlan, *, processes: int | None = None) -> None:
    """Learn the tokenizer, then train the encoder in one process a core."""
    prepare_tokenizer(work, plan)
    run_workers(partial(train_text, plan=plan), work, count=processes)
