"""Muon for the weight matrices, AdamW for everything else, in one optimiser.

Muon (Jordan 2024) orthogonalises the momentum of a matrix with a Newton-Schulz iteration, so that
all its directions are learned at the same speed. A convolution counts as the matrix
[out, in * kernel area]. AdamW is Loshchilov and Hutter 2019.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ITERATIONS = 4
MATRIX_LEAST = 16


def orthogonalise(x_NRC: Tensor) -> Tensor:
    """Return the nearest (semi-)orthogonal matrices, roughly, of a stack [N, R, C]."""
    a, b, c = NEWTON_SCHULZ
    tall = x_NRC.shape[-2] > x_NRC.shape[-1]
    x: Tensor = x_NRC.mT if tall else x_NRC
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + torch.baddbmm(b * gram, gram, gram, alpha=c) @ x
    return x.mT if tall else x


def is_matrix(name: str, weight: Tensor, except_for: tuple[str, ...]) -> bool:
    """Say whether Muon should train a weight: a matrix inside the network that is not thin."""
    thin = weight.ndim < 2 or min(weight.shape[0], weight[0].numel()) < MATRIX_LEAST
    return not thin and not any(part in name for part in except_for)


class Muon(torch.optim.Optimizer):
    """Set `rate` (Adam's step; Muon's is `matrix_scale` times that) before every step."""

    def __init__(
        self,
        model: nn.Module,
        *,
        matrix_scale: float = 16.0,
        weight_decay: float = 0.0,
        except_for: Iterable[str] = (),
        part: tuple[int, int] = (0, 1),
        add_up: Callable[[Tensor], object] | None = None,
    ) -> None:
        """Split the weights of `model` by `is_matrix`; names holding a part of `except_for` go to AdamW.

        Several processes with the same gradients can share the work: `part` is (which, of how many),
        and `add_up` replaces a tensor by its sum over all of them.
        """
        self._part, self._add_up = part, add_up
        names = tuple(except_for)
        groups: dict[bool, list[Tensor]] = {True: [], False: []}
        for name, weight in model.named_parameters():
            if weight.requires_grad:
                groups[is_matrix(name, weight, names)].append(weight)
        defaults = {"lr": 0.0, "weight_decay": weight_decay}
        super().__init__(
            [
                {"params": groups[True], "matrix": True, "scale": matrix_scale},
                {"params": groups[False], "matrix": False, "scale": 1.0},
            ],
            defaults,
        )

    def set_rate(self, rate: float) -> None:
        """Set the learning rate of both parts."""
        for group in self.param_groups:
            group["lr"] = rate * group["scale"]

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every weight that has a gradient."""
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if weights and group["matrix"]:
                self._step_matrices(weights, group["lr"], group["weight_decay"])
            elif weights:
                self._step_rest(weights, group["lr"])

    def _step_matrices(
        self, weights: list[Tensor], rate: float, decay: float, momentum: float = 0.95
    ) -> None:
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        for weight in weights:
            if not self.state[weight]:
                self.state[weight]["momentum"] = torch.zeros_like(weight)
        buffers = [self.state[weight]["momentum"] for weight in weights]
        torch._foreach_lerp_(buffers, gradients, 1 - momentum)
        # Nesterov's look ahead.
        ahead = list(torch._foreach_lerp(gradients, buffers, momentum))
        for weight, update in zip(weights, self._orthogonal(ahead), strict=True):
            size = max(1.0, weight.shape[0] / weight[0].numel()) ** 0.5
            weight.mul_(1 - rate * decay).sub_(update, alpha=rate * size)

    def _orthogonal(self, matrices: list[Tensor]) -> list[Tensor]:
        """Orthogonalise this process's part of the matrices, stacked by shape, and collect the others'."""
        flat = matrices[0].new_zeros(sum(matrix.numel() for matrix in matrices))
        results = [
            part.view_as(m)
            for part, m in zip(torch.split(flat, [m.numel() for m in matrices]), matrices, strict=True)
        ]
        shapes: dict[tuple[int, int], list[int]] = defaultdict(list)
        which, count = self._part
        for index, matrix in enumerate(matrices):
            if index % count == which:
                shapes[matrix.shape[0], matrix[0].numel()].append(index)
        for (rows, columns), alike in shapes.items():
            stack = orthogonalise(torch.stack([matrices[index].reshape(rows, columns) for index in alike]))
            for index, result in zip(alike, stack, strict=True):
                results[index].copy_(result.view_as(results[index]))
        if self._add_up is not None:
            self._add_up(flat)
        return results

    def _step_rest(
        self, weights: list[Tensor], rate: float, betas: tuple[float, float] = (0.9, 0.99)
    ) -> None:
        for weight in weights:
            if not self.state[weight]:
                zeros = torch.zeros_like(weight)
                self.state[weight].update(mean=zeros, square=zeros.clone(), count=torch.zeros(()))
        gradients = [weight.grad for weight in weights if weight.grad is not None]
        means = [self.state[weight]["mean"] for weight in weights]
        squares = [self.state[weight]["square"] for weight in weights]
        torch._foreach_lerp_(means, gradients, 1 - betas[0])
        torch._foreach_mul_(squares, betas[1])
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - betas[1])
        for weight in weights:
            self.state[weight]["count"] += 1
        count = float(self.state[weights[0]]["count"])
        roots = torch._foreach_sqrt(squares)
        torch._foreach_div_(roots, (1 - betas[1] ** count) ** 0.5)
        torch._foreach_add_(roots, 1e-8)
        torch._foreach_addcdiv_(weights, means, roots, -rate / (1 - betas[0] ** count))
