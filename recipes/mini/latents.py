"""Draw scenes, encode them once and keep their latents in shards on disk.

A shard holds `latents` [N, 4, 16, 16] float16 and `scenes` [N, 6] int16, the rows of `Scene`.
"""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recipes.mini.artwork import load_sprites, read_subjects
from recipes.mini.checkpoint import seeded
from recipes.mini.movq import load_movq, to_tensor
from recipes.mini.scenes import Studio, choose_scene
from recipes.mini.workers import Worker, run_workers

BATCH = 8
FOLDER = "latents"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentsPlan:
    """How many scenes to draw."""

    style: str
    subjects: int | None
    shards: int
    shard_size: int = 1024


def write_shards(worker: Worker, work: Path, plan: LatentsPlan) -> None:
    """Write this process's share of the shards, leaving those that are there."""
    subjects = read_subjects(plan.subjects)
    studio = Studio(subjects, load_sprites(work, plan.style, subjects))
    movq = load_movq(work)
    folder = work / FOLDER
    folder.mkdir(exist_ok=True)
    for shard in range(worker.rank, plan.shards, worker.count):
        path = folder / f"{shard:05d}.npz"
        if path.exists():
            continue
        rng, _ = seeded(5, shard)
        latents, rows = [], []
        for _ in range(plan.shard_size // BATCH):
            scenes = [choose_scene(rng, subjects) for _ in range(BATCH)]
            pictures = np.stack([studio.draw(scene, rng) for scene in scenes])
            with torch.no_grad():
                latents.append(movq.encode(to_tensor(pictures)).latents.half().numpy())
            rows += [scene.row() for scene in scenes]
        partial_path = folder / f"{shard:05d}.{os.getpid()}.part"
        with partial_path.open("wb") as file:
            np.savez(file, latents=np.concatenate(latents), scenes=np.array(rows, np.int16))
        partial_path.rename(path)
        print(f"latents shard {shard + 1} of {plan.shards}", flush=True)


class LatentStore:
    """The shards in memory; reads those that have come since when asked to."""

    def __init__(self, work: Path) -> None:
        """Read what is there in the work folder."""
        self._folder = work / FOLDER
        self._seen: set[Path] = set()
        self.latents = torch.empty(0, dtype=torch.float16)
        self.scenes = np.empty((0, 0), np.int16)
        self.refresh()

    def refresh(self) -> None:
        """Read the shards that are not in memory yet."""
        new = sorted(set(self._folder.glob("*.npz")) - self._seen)
        if not new:
            return
        parts = [np.load(path) for path in new]
        latents = [torch.from_numpy(part["latents"]) for part in parts]
        scenes = [part["scenes"] for part in parts]
        if self._seen:
            latents, scenes = [self.latents, *latents], [self.scenes, *scenes]
        self.latents, self.scenes = torch.cat(latents), np.concatenate(scenes)
        self._seen.update(new)

    def sample(self, rng: np.random.Generator, count: int) -> tuple[Tensor, np.ndarray]:
        """Draw random latents [B, 4, 16, 16] float32 and their scenes' rows [B, 6]."""
        index = rng.integers(len(self.latents), size=count)
        return self.latents[torch.from_numpy(index)].float(), self.scenes[index]


def run_latents(work: Path, plan: LatentsPlan, *, processes: int | None = None) -> None:
    """Write all shards in one process a core."""
    run_workers(partial(write_shards, plan=plan), work, count=processes)
