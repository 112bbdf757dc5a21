"""Train the MoVQ: pictures of 128 px to latents of 16 x 16 x 4 and back.

It is a plain autoencoder in the MoVQ's layout: Kandinsky 3 decodes its latents without quantising them.
Shapes: B batch, C channels, H W pixels; h w latent cells.
"""

import types
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import VQModel
from diffusers.models.attention_processor import SpatialNorm
from torch import Tensor, nn

from recipes.mini.artwork import load_sprites, read_subjects
from recipes.mini.checkpoint import Budget, Run, learning_rate, save, seeded, spend
from recipes.mini.optimiser import Muon
from recipes.mini.places import PICTURE_PX
from recipes.mini.scenes import Studio, choose_scene
from recipes.mini.training import take_step
from recipes.mini.workers import Worker, run_workers

WEIGHTS = "movq.pt"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovqPlan:
    """What to train and for how long."""

    style: str
    subjects: int | None
    budget: Budget
    channels: tuple[int, ...] = (32, 64, 96, 128)
    peak_rate: float = 1.5e-3
    crop_px: int = 64
    crop_batch: int = 4
    crop_part: float = 0.6
    latent_noise: float = 0.06


def build_movq(channels: tuple[int, ...]) -> VQModel:
    """Make an untrained MoVQ in the published layout."""
    depth = len(channels)
    return VQModel(
        down_block_types=("DownEncoderBlock2D",) * (depth - 1) + ("AttnDownEncoderBlock2D",),
        up_block_types=("AttnUpDecoderBlock2D",) + ("UpDecoderBlock2D",) * (depth - 1),
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=4,
        vq_embed_dim=4,
        num_vq_embeddings=16,
        norm_num_groups=32,
        norm_type="spatial",
        sample_size=PICTURE_PX,
    )


def spatial_norms(movq: nn.Module) -> list[SpatialNorm]:
    """List the decoder's normalisations, which read the latents."""
    return [module for module in movq.modules() if isinstance(module, SpatialNorm)]


def _norm_first(self: SpatialNorm, f: Tensor, zq: Tensor) -> Tensor:
    size = f.shape[-2:]
    scale = F.interpolate(self.conv_y(zq), size=size, mode="nearest")
    shift = F.interpolate(self.conv_b(zq), size=size, mode="nearest")
    return torch.addcmul(shift, self.norm_layer(f.contiguous()), scale)


def speed_up(movq: nn.Module) -> None:
    """Compute the spatial norms' 1x1 convolutions before enlarging.

    Both orders give the same, and there are fewer cells than pixels.
    """
    for norm in spatial_norms(movq):
        norm.forward = types.MethodType(_norm_first, norm)


def to_tensor(pixels: np.ndarray) -> Tensor:
    """Turn [B, H, W, 3] uint8 into [B, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous().float().div_(127.5).sub_(1)


def picture_loss(made_BCHW: Tensor, true_BCHW: Tensor) -> Tensor:
    """Mean absolute error of the pixels, of their edges and of two coarser pictures."""
    error = made_BCHW - true_BCHW
    loss = error.abs().mean()
    loss = (
        loss
        + (error[..., 1:] - error[..., :-1]).abs().mean()
        + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
    )
    for _ in range(2):
        error = F.avg_pool2d(error, 2)
        loss = loss + 0.5 * error.abs().mean()
    return loss


def draw_batch(studio: Studio, plan: MovqPlan, rng: np.random.Generator, *, crop: bool) -> Tensor:
    """Draw training pictures: many crops while that suffices, then fewer whole pictures."""
    count = plan.crop_batch if crop else max(1, plan.crop_batch * plan.crop_px**2 // PICTURE_PX**2 * 2)
    side = plan.crop_px if crop else PICTURE_PX
    batch = np.empty((count, side, side, 3), np.uint8)
    for index in range(count):
        drawn = studio.draw(choose_scene(rng, studio.subjects), rng)
        x, y = rng.integers(0, PICTURE_PX - side + 1, 2)
        batch[index] = drawn[y : y + side, x : x + side]
    return to_tensor(batch)


def train_movq(worker: Worker, work: Path, plan: MovqPlan) -> None:
    """Train until the budget is spent, then fold the latents' statistics into the weights."""
    subjects = read_subjects(plan.subjects)
    studio = Studio(subjects, load_sprites(work, plan.style, subjects))
    torch.manual_seed(0)
    movq = build_movq(plan.channels)
    speed_up(movq)
    fit(movq, work / "movq-run.pt", studio, worker, plan)
    if worker.leads:
        fold_statistics(movq, studio)
        save(work / WEIGHTS, {"channels": plan.channels, "model": movq.state_dict(), "polished": False})


def polish_movq(worker: Worker, work: Path, plan: MovqPlan) -> None:
    """Train the decoder on with a still encoder: sharper pictures from the same latents."""
    subjects = read_subjects(plan.subjects)
    studio = Studio(subjects, load_sprites(work, plan.style, subjects))
    movq = load_movq(work).train()
    movq.decoder.requires_grad_(True)
    movq.post_quant_conv.requires_grad_(True)
    fit(movq, work / "polish-run.pt", studio, worker, plan)
    if worker.leads:
        save(work / WEIGHTS, {"channels": plan.channels, "model": movq.state_dict(), "polished": True})


def fit(movq: VQModel, path: Path, studio: Studio, worker: Worker, plan: MovqPlan) -> None:
    """Train what is trainable until the budget is spent."""
    run = Run(path=path, model=movq, optimiser=Muon(movq, except_for=("conv_in", "conv_out")))
    run.resume()
    for progress in spend(run, plan.budget):
        rng, noise = seeded(1, worker.rank, run.step)
        true = draw_batch(studio, plan, rng, crop=progress < plan.crop_part)
        latent = movq.encode(true).latents
        spread = latent.detach().std((0, 2, 3), keepdim=True)
        noisy = latent + plan.latent_noise * spread * torch.randn(latent.shape, generator=noise)
        made = movq.decode(noisy, force_not_quantize=True).sample
        # The last term keeps the latents from growing to drown the noise.
        loss = picture_loss(made, true) + 1e-3 * latent.square().mean()
        rate = learning_rate(plan.peak_rate, progress, step=run.step, warm_up=30, hold=0.3)
        mean = take_step(run, worker, loss, rate=rate, batch=len(true))
        if worker.leads and run.step % 50 == 0:
            error = (made.detach() - true).div(2).square().mean()
            psnr_db = float(-10 * error.log10())
            print(f"movq step {run.step} {progress:.1%} loss {mean:.4f} psnr {psnr_db:.1f} dB", flush=True)
        if worker.leads:
            run.save()
    if worker.leads:
        run.save(force=True)


@torch.no_grad()
def fold_statistics(movq: VQModel, studio: Studio, *, count: int = 256) -> None:
    """Rewrite the weights so that every latent channel has mean 0 and spread 1, with the same pictures out.

    With z' = (z - m) / s, the encoder's last layer becomes (W / s, (b - m) / s), and every layer that
    reads z becomes (W s, b + W m).
    """
    rng, _ = seeded(2)
    pictures = (studio.draw(choose_scene(rng, studio.subjects), rng)[None] for _ in range(count))
    latents = torch.cat([movq.encode(to_tensor(picture)).latents for picture in pictures])
    mean, spread = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    movq.quant_conv.weight.div_(spread[:, None, None, None])
    movq.quant_conv.bias.sub_(mean).div_(spread)
    readers = [movq.post_quant_conv]
    for norm in spatial_norms(movq):
        readers += [norm.conv_y, norm.conv_b]
    for reader in readers:
        reader.bias.add_(reader.weight[:, :, 0, 0] @ mean)
        reader.weight.mul_(spread[None, :, None, None])


def load_movq(work: Path) -> VQModel:
    """Read the trained MoVQ for use."""
    state = torch.load(work / WEIGHTS, weights_only=True)
    movq = build_movq(state["channels"])
    movq.load_state_dict(state["model"])
    speed_up(movq)
    return movq.eval().requires_grad_(False)


def run_movq(work: Path, plan: MovqPlan, *, processes: int | None = None) -> None:
    """Train the MoVQ in one process a core."""
    run_workers(partial(train_movq, plan=plan), work, count=processes)


def run_polish(work: Path, plan: MovqPlan, *, processes: int | None = None) -> None:
    """Train the decoder on in one process a core."""
    run_workers(partial(polish_movq, plan=plan), work, count=processes)


def is_polished(work: Path) -> bool:
    """Say whether the decoder has had its further training."""
    return bool(torch.load(work / WEIGHTS, weights_only=True).get("polished", False))
