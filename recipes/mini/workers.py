"""Train in several single-thread processes that share gradients.

On a CPU this beats one process with several threads, which stalls whenever one core is busy elsewhere.
"""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One of the processes of a training."""

    rank: int
    count: int
    parent: int
    device: str = "cpu"

    @property
    def leads(self) -> bool:
        """Whether this process saves and reports."""
        return self.rank == 0

    def share(self, model: nn.Module, *, loss: float, clock_s: float) -> tuple[float, float]:
        """Average the gradients over all processes; return the mean loss and the leader's clock."""
        if self.count == 1:
            return loss, clock_s
        if os.getppid() != self.parent:
            raise SystemExit("the process that started this training is gone")
        gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
        numbers = torch.tensor([loss / self.count, clock_s if self.leads else 0.0], dtype=torch.float32)
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        flat.div_(self.count)
        flat = torch.cat([flat, numbers])
        self.add_up(flat)
        parts = torch.split(flat, [*(gradient.numel() for gradient in gradients), len(numbers)])
        for gradient, part in zip(gradients, parts[:-1], strict=True):
            gradient.copy_(part.view_as(gradient))
        return float(flat[-2]), float(flat[-1])

    def add_up(self, tensor: Tensor) -> None:
        """Replace a tensor by its sum over all processes."""
        if self.count > 1:
            dist.all_reduce(tensor)


def choose_count() -> int:
    """Return how many processes to train in: one on a GPU, else one a core, at most four."""
    if torch.cuda.is_available():
        return 1
    return min(4, len(os.sched_getaffinity(0)))


def keep_memory() -> None:
    """Let the C library keep freed memory in processes started from here on.

    By default it hands every large block back and takes it anew, zeroed page by page: a fifth of the time.
    """
    for name, value in (
        ("MALLOC_MMAP_MAX_", "0"),
        ("MALLOC_TRIM_THRESHOLD_", str(2**33)),
        ("MALLOC_TOP_PAD_", str(2**28)),
        ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"),
    ):
        os.environ.setdefault(name, value)


def _enter(rank: int, count: int, meeting: str, work: Path, train: Callable[[Worker, Path], None]) -> None:
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if count > 1:
        dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=count)
    train(Worker(rank=rank, count=count, parent=os.getppid(), device=device), work)
    if count > 1:
        dist.destroy_process_group()


def run_workers(train: Callable[[Worker, Path], None], work: Path, *, count: int | None = None) -> None:
    """Call `train(worker, work)` in `count` processes at once and wait for all of them."""
    count = count or choose_count()
    with tempfile.TemporaryDirectory() as folder:
        meeting = f"{folder}/meeting"
        if count == 1:
            _enter(0, 1, meeting, work, train)
        else:
            keep_memory()
            spawn(_enter, args=(count, meeting, work, train), nprocs=count)  # type: ignore[no-untyped-call]
