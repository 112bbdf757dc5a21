"""Write the trained model as a folder in the published Kandinsky 3 layout."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, Kandinsky3Pipeline, VQModel

from recipes.mini.artwork import load_sprites, read_subjects
from recipes.mini.checkpoint import seeded
from recipes.mini.draw import Model, load_model
from recipes.mini.evaluate import SCORES
from recipes.mini.movq import to_tensor
from recipes.mini.scenes import Studio, choose_scene
from recipes.mini.unet import CHECKPOINT, build_schedule

CARD = Path(__file__).with_name("card.md")
PREVIEW_PICTURES = 96
# What wassily draws with when a request leaves it open; the guidance is the best of evaluate's.
DEFAULTS = {"width": 128, "height": 128, "steps": 25, "guidance": 1.0}


@torch.no_grad()
def fit_preview(movq: VQModel, studio: Studio) -> list[list[float]]:
    """Fit colours to latents by least squares: rgb in [-1, 1] = [latent, 1] @ (5 x 3 matrix), by cell."""
    rng, _ = seeded(9)
    latents, colours = [], []
    for _ in range(PREVIEW_PICTURES):
        picture = to_tensor(studio.draw(choose_scene(rng, studio.subjects), rng)[None])
        latent = movq.encode(picture).latents
        cells = F.adaptive_avg_pool2d(picture, latent.shape[-2:])
        latents.append(latent[0].flatten(1).T.numpy())
        colours.append(cells[0].flatten(1).T.numpy())
    known = np.concatenate(latents)
    known = np.concatenate([known, np.ones((len(known), 1), known.dtype)], axis=1)
    found, *_ = np.linalg.lstsq(known, np.concatenate(colours), rcond=None)
    return [[round(float(value), 5) for value in row] for row in found]


def build_pipeline(model: Model) -> Kandinsky3Pipeline:
    """Put the networks into the published pipeline, in half precision."""
    schedule = DDPMScheduler.from_config(build_schedule().config)
    return Kandinsky3Pipeline(
        tokenizer=model.tokenizer,
        text_encoder=model.encoder.half(),
        unet=model.unet.half(),
        scheduler=schedule,
        movq=model.movq.half(),
    )


def name_tokenizer(folder: Path) -> None:
    """Name the tokenizer's class as every transformers knows it; version 5 writes an inner name."""
    for path in (folder / "model_index.json", folder / "tokenizer" / "tokenizer_config.json"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("TokenizersBackend", "PreTrainedTokenizerFast"), encoding="utf-8")


def write_card(work: Path, names: list[str]) -> str:
    """Fill in the model card: the subjects, how long the UNet trained, and the last evaluation."""
    scores = work / SCORES
    state = torch.load(work / CHECKPOINT, map_location="cpu", weights_only=True, mmap=True)
    filled = {
        "{subjects}": ", ".join(names),
        "{minutes}": f"{state['elapsed_s'] / 60:.0f}",
        "{samples}": f"{state['samples']:,}",
        "{evaluation}": scores.read_text(encoding="utf-8") if scores.exists() else "Not evaluated yet.",
    }
    card = CARD.read_text(encoding="utf-8")
    for place, text in filled.items():
        card = card.replace(place, text)
    return card


def export(work: Path, target: Path, *, style: str, subjects: int | None) -> None:
    """Write the model folder under a temporary name, then put it in the place of `target`."""
    table = read_subjects(subjects)
    studio = Studio(table, load_sprites(work, style, table))
    model = load_model(work)
    carried = {"defaults": DEFAULTS, "preview": fit_preview(model.movq, studio)}
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    build_pipeline(model).save_pretrained(partial, safe_serialization=True)
    name_tokenizer(partial)
    (partial / "wassily.json").write_text(json.dumps(carried, indent=2) + "\n", encoding="utf-8")
    card = write_card(work, [subject.name for subject in table])
    (partial / "README.md").write_text(card, encoding="utf-8")
    for path in partial.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    if target.exists():
        shutil.rmtree(target)
    partial.rename(target)
