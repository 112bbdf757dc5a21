"""Train the Kandinsky 3 UNet on cached latents with freshly written captions.

It predicts v (Salimans and Ho 2022): with x_t = a x + s e, the target is v = a e - s x.
Shapes: B batch, C channels, H W latent cells, L tokens, D text features.
"""

import math
import time
import types
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, Kandinsky3UNet
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.unets.unet_kandinsky3 import Kandinsky3AttentionPooling
from torch import Tensor, nn

from recipes.mini.artwork import read_subjects
from recipes.mini.captions import Captioner
from recipes.mini.checkpoint import Budget, Run, follow, learning_rate, seeded, spend
from recipes.mini.latents import LatentStore
from recipes.mini.optimiser import Muon
from recipes.mini.scenes import Scene
from recipes.mini.text import WIDTH, encode_captions, load_encoder, load_tokenizer
from recipes.mini.training import take_step
from recipes.mini.workers import Worker, run_workers

STEPS = 1000
CHANNELS = (64, 128, 192, 192)
CHECKPOINT = "unet-run.pt"
# Modulations start at zero and want Adam; the first and last layers are no inner matrices.
NOT_MUON = ("context_mlp", "conv_in", "conv_out", "time_embedding", "encoder_hid_proj")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnetPlan:
    """What to train and for how long."""

    subjects: int | None
    budget: Budget
    batch: int = 32
    channels: tuple[int, ...] = CHANNELS
    peak_rate: float = 1e-3
    warm_up: int = 100
    hold: float = 0.3
    caption_drop: float = 0.1
    average: float = 0.995


def build_unet(channels: tuple[int, ...]) -> Kandinsky3UNet:
    """Make an untrained UNet in the published layout."""
    unet = Kandinsky3UNet(
        in_channels=4,
        time_embedding_dim=128,
        groups=32,
        attention_head_dim=32,
        layers_per_block=2,
        block_out_channels=channels,
        cross_attention_dim=WIDTH,
        encoder_hid_dim=WIDTH,
    )
    unet.set_attn_processor(AttnProcessor())
    return unet


def build_schedule() -> DDPMScheduler:
    """Make the noise schedule that the model is trained with and exported with."""
    return DDPMScheduler(
        num_train_timesteps=STEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        clip_sample=False,
        variance_type="fixed_small",
    )


def _pool_own_length(
    self: Kandinsky3AttentionPooling, x: Tensor, context: Tensor, context_mask: Tensor
) -> Tensor:
    real = (context_mask[:, 0] > -1).to(context.dtype).sum(1, keepdim=True)
    inside = (torch.arange(context.shape[1], device=context.device) <= real).to(context.dtype)
    query = (context * inside[..., None]).sum(1, keepdim=True) / (real + 1)[..., None]
    pooled: Tensor = self.attention(query, context, context_mask.to(context.dtype))
    return x + pooled.squeeze(1)


def pool_own_lengths(unet: Kandinsky3UNet) -> None:
    """Let every caption's pooled vector run over its own length and one masked position.

    That is what a single caption gets when it is drawn, so a batch of captions of several lengths
    must not average over more. The weights stay those of the published class.
    """
    pool = unet.add_time_condition
    pool.forward = types.MethodType(_pool_own_length, pool)


def choose_precision(device: str) -> torch.dtype:
    """Return bfloat16 where it multiplies faster than float32, which many CPUs only emulate."""
    if device != "cpu":
        return torch.bfloat16
    spent = []
    for dtype in (torch.float32, torch.bfloat16):
        x = torch.ones(768, 768, dtype=dtype)
        torch.mm(x, x)
        start = time.perf_counter()
        for _ in range(3):
            torch.mm(x, x)
        spent.append(time.perf_counter() - start)
    return torch.bfloat16 if spent[1] < 0.6 * spent[0] else torch.float32


def cast(device: str, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Compute in `dtype` where it is not float32."""
    return nullcontext() if dtype == torch.float32 else torch.autocast(device, dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One training batch.

    latents, noise [B, C, H, W]; states [B, L, D], zero where masked; mask [B, L]; times [B], 0 to 999.
    """

    latents: Tensor
    states: Tensor
    mask: Tensor
    noise: Tensor
    times: Tensor


class Feeder:
    """Makes training batches out of the cached latents and fresh captions."""

    def __init__(self, work: Path, plan: UnetPlan, worker: Worker) -> None:
        """Load the text side and the latents."""
        self._plan, self._worker = plan, worker
        self._captioner = Captioner(read_subjects(plan.subjects))
        self._tokenizer = load_tokenizer(work)
        self._encoder = load_encoder(work).to(worker.device)
        self.store = LatentStore(work)

    def feed(self, step: int) -> Batch:
        """Make the batch of a step; the same at every run while the cache is the same."""
        rng, noise = seeded(6, self._worker.rank, step)
        count, device = self._plan.batch, self._worker.device
        latents, rows = self.store.sample(rng, count)
        captions = [self._captioner.say(scene_of(row), rng) for row in rows]
        states, mask = encode_captions(self._tokenizer, self._encoder, captions)
        keep = torch.from_numpy(rng.random(count) >= self._plan.caption_drop).to(device)
        # Times are spread evenly over the batch, which steadies the gradient.
        times = (np.arange(count) + rng.random(count)) / count * STEPS
        return Batch(
            latents=latents.to(device),
            states=states * keep[:, None, None],
            mask=mask * keep[:, None],
            noise=torch.randn(latents.shape, generator=noise).to(device),
            times=torch.from_numpy(times).long().to(device),
        )


def scene_of(row: np.ndarray) -> Scene:
    """Read a scene back from its stored row."""
    subject, background, tint, size, position, helmet = (int(value) for value in row)
    return Scene(
        subject=subject, background=background, tint=tint, size=size, position=position, helmet=helmet
    )


def velocity_loss(unet: nn.Module, batch: Batch, kept_T: Tensor) -> Tensor:
    """Return the mean squared error of the predicted v; `kept_T` is the schedule's cumulative alpha."""
    kept = kept_T[batch.times][:, None, None, None]
    signal, spread = kept.sqrt(), (1 - kept).sqrt()
    noisy = signal * batch.latents + spread * batch.noise
    target = signal * batch.noise - spread * batch.latents
    made = unet(
        noisy, batch.times, encoder_hidden_states=batch.states, encoder_attention_mask=batch.mask
    ).sample
    return F.mse_loss(made.float(), target)


def report(run: Run, progress: float, loss: float, store: LatentStore) -> str:
    """Write the progress line: speed over the whole training, smoothed loss and time left."""
    left = run.elapsed_s * (1 - progress) / max(progress, 1e-9) / 60
    return (
        f"unet step {run.step} {progress:.1%} samples {run.samples} of {len(store.latents)} latents "
        f"{run.samples / max(run.elapsed_s, 1e-9):.1f}/s loss {loss:.4f} left {left:.0f} min"
    )


def train_unet(worker: Worker, work: Path, plan: UnetPlan) -> None:
    """Train until the budget is spent; the running average of the weights is what is exported."""
    feeder = Feeder(work, plan, worker)
    kept = build_schedule().alphas_cumprod.to(worker.device)
    torch.manual_seed(0)
    unet = build_unet(plan.channels).to(worker.device)
    pool_own_lengths(unet)
    dtype = choose_precision(worker.device)
    optimiser = Muon(
        unet, weight_decay=0.01, except_for=NOT_MUON, part=(worker.rank, worker.count), add_up=worker.add_up
    )
    average = {name: weight.detach().clone() for name, weight in unet.named_parameters()}
    run = Run(path=work / CHECKPOINT, model=unet, optimiser=optimiser, average=average)
    run.resume()
    assert run.average is not None
    smooth = math.nan
    for progress in spend(run, plan.budget):
        with cast(worker.device, dtype):
            loss = velocity_loss(unet, feeder.feed(run.step), kept)
        rate = learning_rate(plan.peak_rate, progress, step=run.step, warm_up=plan.warm_up, hold=plan.hold)
        mean = take_step(run, worker, loss, rate=rate, batch=plan.batch)
        smooth = mean if math.isnan(smooth) else 0.98 * smooth + 0.02 * mean
        if worker.leads:
            follow(run.average, unet, decay=min(plan.average, (run.step + 1) / (run.step + 10)))
            if run.step % 25 == 0:
                print(report(run, progress, smooth, feeder.store), flush=True)
            run.save()
        if run.step % 100 == 0:
            feeder.store.refresh()
    if worker.leads:
        run.save(force=True)


def load_unet(work: Path, channels: tuple[int, ...] = CHANNELS) -> Kandinsky3UNet:
    """Read the averaged weights for use."""
    state = torch.load(work / CHECKPOINT, map_location="cpu", weights_only=True)
    unet = build_unet(channels)
    unet.load_state_dict(state["average"])
    return unet.eval().requires_grad_(False)


def run_unet(work: Path, plan: UnetPlan, *, processes: int | None = None) -> None:
    """Train the UNet in one process a core."""
    run_workers(partial(train_unet, plan=plan), work, count=processes)
