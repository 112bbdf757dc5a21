"""The step that every training of the recipe takes."""

import torch
from torch import Tensor, nn

from recipes.mini.checkpoint import Run
from recipes.mini.workers import Worker

CLIP = 1.0


def take_step(run: Run, worker: Worker, loss: Tensor, *, rate: float, batch: int) -> float:
    """Update the weights from the loss of this process's `batch` samples; return the mean loss of all.

    The gradients are averaged over all processes, so they stay equal everywhere.
    """
    run.optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    mean, run.elapsed_s = worker.share(run.model, loss=loss.item(), clock_s=run.clock_s())
    nn.utils.clip_grad_norm_(run.model.parameters(), CLIP)
    run.optimiser.set_rate(rate)
    run.optimiser.step()
    run.step += 1
    run.samples += batch * worker.count
    return mean
