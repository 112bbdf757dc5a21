"""Train a judge that tells subject and background from a picture.

It learns from real renderings only, drawn directly and after a way through the MoVQ, never from
what the model drew. Shapes: B batch, C channels, H W pixels.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import VQModel
from torch import Tensor, nn

from recipes.mini.artwork import load_sprites, read_subjects
from recipes.mini.checkpoint import Budget, Run, learning_rate, save, seeded, spend
from recipes.mini.latents import LatentStore
from recipes.mini.movq import load_movq, to_tensor
from recipes.mini.optimiser import Muon
from recipes.mini.places import BACKGROUNDS
from recipes.mini.scenes import Studio, choose_scene
from recipes.mini.training import take_step
from recipes.mini.workers import Worker

SIDE_PX = 64
WEIGHTS = "judge.pt"
DECODED = "judge-decoded.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePlan:
    """What to train and for how long."""

    style: str
    subjects: int | None
    budget: Budget
    batch: int = 64
    decoded: int = 2048
    peak_rate: float = 1.5e-3


class Judge(nn.Module):
    """A small convolutional classifier of subject and background."""

    def __init__(self, subjects: int) -> None:
        """Make a judge of so many subjects."""
        super().__init__()
        layers: list[nn.Module] = []
        widths = (3, 32, 64, 96, 128)
        for before, after in pairwise(widths):
            layers += [
                nn.Conv2d(before, after, 3, padding=1),
                nn.GroupNorm(8, after),
                nn.SiLU(),
                nn.MaxPool2d(2),
            ]
        self.trunk = nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 16, 256), nn.SiLU())
        self.subject = nn.Linear(256, subjects)
        self.background = nn.Linear(256, len(BACKGROUNDS))

    def forward(self, pictures_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of subject and background for pictures in [-1, 1]."""
        small = F.interpolate(pictures_BCHW, size=(SIDE_PX, SIDE_PX), mode="area")
        features = self.trunk(small)
        return self.subject(features), self.background(features)


def decode_some(movq: VQModel, store: LatentStore, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Decode random cached latents to [N, 64, 64, 3] uint8, with their scenes' rows."""
    rng, _ = seeded(7)
    pictures, rows = [], []
    for _ in range(count // 16):
        latents, scenes = store.sample(rng, 16)
        with torch.no_grad():
            made = F.interpolate(
                movq.decode(latents, force_not_quantize=True).sample, size=SIDE_PX, mode="area"
            )
        pictures.append(made.clamp(-1, 1).add(1).mul(127.5).byte().permute(0, 2, 3, 1).numpy())
        rows.append(scenes)
    return np.concatenate(pictures), np.concatenate(rows)


def load_decoded(work: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the decoded pictures, making them first where they are missing."""
    path = work / DECODED
    if not path.exists():
        pictures, rows = decode_some(load_movq(work), LatentStore(work), count)
        with path.with_suffix(".part").open("wb") as file:
            np.savez(file, pictures=pictures, rows=rows)
        path.with_suffix(".part").rename(path)
    stored = np.load(path)
    return stored["pictures"], stored["rows"]


def disturb(pictures_BCHW: Tensor, noise: torch.Generator) -> Tensor:
    """Blur and add noise by chance, so that the judge looks at shapes and not at sharp edges."""
    blurred = F.avg_pool2d(F.pad(pictures_BCHW, (1, 1, 1, 1), mode="replicate"), 3, 1)
    chance = torch.rand((len(pictures_BCHW), 1, 1, 1), generator=noise)
    mixed = torch.where(chance < 0.5, blurred, pictures_BCHW)
    return mixed + 0.08 * torch.rand((), generator=noise) * torch.randn(mixed.shape, generator=noise)


def train_judge(worker: Worker, work: Path, plan: JudgePlan) -> None:
    """Train until the budget is spent; half of every batch has gone through the MoVQ."""
    subjects = read_subjects(plan.subjects)
    studio = Studio(subjects, load_sprites(work, plan.style, subjects))
    decoded, decoded_rows = load_decoded(work, plan.decoded)
    torch.manual_seed(0)
    judge = Judge(len(subjects))
    optimiser = Muon(judge, except_for=("trunk.0.",))
    run = Run(path=work / "judge-run.pt", model=judge, optimiser=optimiser)
    run.resume()
    for progress in spend(run, plan.budget):
        rng, noise = seeded(8, worker.rank, run.step)
        scenes = [choose_scene(rng, subjects) for _ in range(plan.batch // 2)]
        real = to_tensor(np.stack([studio.draw(scene, rng) for scene in scenes]))
        picked = rng.integers(len(decoded), size=plan.batch // 2)
        small = F.interpolate(real, size=(SIDE_PX, SIDE_PX), mode="area")
        pictures = disturb(torch.cat([small, to_tensor(decoded[picked])]), noise)
        rows = torch.from_numpy(
            np.concatenate([[scene.row() for scene in scenes], decoded_rows[picked]])
        ).long()
        subject, background = judge(pictures)
        loss = F.cross_entropy(subject, rows[:, 0]) + F.cross_entropy(background, rows[:, 1])
        rate = learning_rate(plan.peak_rate, progress, step=run.step, warm_up=50, hold=0.3)
        take_step(run, worker, loss, rate=rate, batch=plan.batch)
        if run.step % 50 == 0:
            right = (subject.argmax(1) == rows[:, 0]).float().mean()
            print(
                f"judge step {run.step} {progress:.1%} loss {loss.item():.4f} subjects {right:.1%}",
                flush=True,
            )
        run.save()
    run.save(force=True)
    save(work / WEIGHTS, judge.state_dict())


def load_judge(work: Path, subjects: int) -> Judge:
    """Read the trained judge for use."""
    judge = Judge(subjects)
    judge.load_state_dict(torch.load(work / WEIGHTS, weights_only=True))
    return judge.eval().requires_grad_(False)


def run_judge(work: Path, plan: JudgePlan) -> None:
    """Train the judge in this process: it is small."""
    train_judge(Worker(rank=0, count=1, parent=0), work, plan)
