"""Train the mini model: `python -m recipes.mini all --work .mini` does, or continues, everything."""

import argparse
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from recipes.mini.checkpoint import Budget
from recipes.mini.evaluate import evaluate
from recipes.mini.export import export
from recipes.mini.fetch import fetch
from recipes.mini.judge import WEIGHTS as JUDGE_WEIGHTS
from recipes.mini.judge import JudgePlan, run_judge
from recipes.mini.latents import LatentsPlan, run_latents
from recipes.mini.movq import WEIGHTS as MOVQ_WEIGHTS
from recipes.mini.movq import MovqPlan, is_polished, run_movq, run_polish
from recipes.mini.text import CORPUS, TextPlan, run_text
from recipes.mini.text import WEIGHTS as TEXT_WEIGHTS
from recipes.mini.unet import UnetPlan, run_unet

EMBEDDED = Path("src/wassily/models/mini-3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asks for."""

    work: Path
    style: str
    subjects: int | None
    processes: int | None
    minutes: float | None
    samples: int | None
    shards: int
    pictures: int
    steps: int
    guidance: float
    target: Path
    tiny: bool

    def budget(self, minutes: float) -> Budget:
        """Return the budget asked for, or `minutes`; a tiny run takes seconds."""
        if self.tiny:
            return Budget(samples=64)
        if self.samples is not None:
            return Budget(samples=self.samples)
        return Budget(minutes=self.minutes or minutes)


def train_movq(options: Options) -> None:
    """Train the MoVQ unless it is there."""
    if not (options.work / MOVQ_WEIGHTS).exists():
        plan = MovqPlan(style=options.style, subjects=options.subjects, budget=options.budget(15))
        run_movq(options.work, plan, processes=options.processes)


def polish_decoder(options: Options) -> None:
    """Train the MoVQ's decoder further, whose latents stay the same, unless that is done."""
    if not is_polished(options.work):
        plan = MovqPlan(
            style=options.style,
            subjects=options.subjects,
            budget=options.budget(10),
            peak_rate=1e-3,
            crop_part=0.0,
            latent_noise=0.1,
        )
        run_polish(options.work, plan, processes=options.processes)


def train_text(options: Options) -> None:
    """Train the text encoder unless it is there."""
    if not (options.work / TEXT_WEIGHTS).exists():
        corpus = 4000 if options.tiny else CORPUS
        plan = TextPlan(subjects=options.subjects, budget=options.budget(5), corpus=corpus)
        run_text(options.work, plan, processes=options.processes)


def cache_latents(options: Options) -> None:
    """Encode the scenes that are not encoded yet."""
    size = 64 if options.tiny else 1024
    plan = LatentsPlan(style=options.style, subjects=options.subjects, shards=options.shards, shard_size=size)
    run_latents(options.work, plan, processes=options.processes)


def train_unet(options: Options) -> None:
    """Train the UNet until its budget is spent; a larger budget continues it."""
    plan = UnetPlan(subjects=options.subjects, budget=options.budget(100), batch=4 if options.tiny else 32)
    run_unet(options.work, plan, processes=options.processes)


def fetch_artwork(options: Options) -> None:
    """Install the artwork unless it is there."""
    fetch(options.work, options.style)


def train_judge(options: Options) -> None:
    """Train the judge unless it is there."""
    if not (options.work / JUDGE_WEIGHTS).exists():
        plan = JudgePlan(
            style=options.style,
            subjects=options.subjects,
            budget=options.budget(4),
            decoded=16 if options.tiny else 2048,
        )
        run_judge(options.work, plan)


def evaluate_model(options: Options) -> None:
    """Print the scores; write them and a contact sheet into the work folder."""
    evaluate(
        options.work,
        n=options.pictures,
        steps=options.steps,
        guidance=options.guidance,
        limit=options.subjects,
    )


def export_model(options: Options) -> None:
    """Write the model folder, with the last evaluation on its card."""
    export(options.work, options.target, style=options.style, subjects=options.subjects)


STAGES: dict[str, Callable[[Options], None]] = {
    "fetch": fetch_artwork,
    "movq": train_movq,
    "text": train_text,
    "latents": cache_latents,
    "unet": train_unet,
    "polish": polish_decoder,
    "judge": train_judge,
    "evaluate": evaluate_model,
    "export": export_model,
}


def read_options(arguments: argparse.Namespace) -> Options:
    """Turn parsed arguments into options."""
    tiny = arguments.tiny
    return Options(
        work=arguments.work,
        style=arguments.style,
        subjects=8 if tiny else arguments.subjects,
        processes=1 if tiny else arguments.processes,
        minutes=arguments.minutes,
        samples=arguments.samples,
        shards=1 if tiny else arguments.shards,
        pictures=8 if tiny else arguments.pictures,
        steps=2 if tiny else arguments.steps,
        guidance=arguments.guidance,
        target=arguments.target or (arguments.work / "mini-3" if tiny else EMBEDDED),
        tiny=tiny,
    )


def main() -> None:
    """Run one stage, or all of them in their order."""
    parser = argparse.ArgumentParser(prog="python -m recipes.mini", description=__doc__)
    parser.add_argument("stage", choices=[*STAGES, "all"])
    parser.add_argument(
        "--work", type=Path, default=Path(".mini"), help="folder of everything made on the way"
    )
    parser.add_argument("--style", default="fluent-emoji", help="icon set of the artwork")
    parser.add_argument("--subjects", type=int, help="only the first so many subjects")
    parser.add_argument("--processes", type=int, help="training processes; default: one a core")
    parser.add_argument("--minutes", type=float, help="training time of a stage, over all sittings")
    parser.add_argument("--samples", type=int, help="training samples of a stage, instead of minutes")
    parser.add_argument("--shards", type=int, default=16, help="how many times 1024 scenes to encode")
    parser.add_argument("--pictures", type=int, default=128, help="pictures for each score")
    parser.add_argument("--steps", type=int, default=25, help="denoising steps of the evaluation")
    parser.add_argument("--guidance", type=float, default=1.0, help="guidance of the evaluation")
    parser.add_argument("--target", type=Path, help="folder to write the model to")
    parser.add_argument("--tiny", action="store_true", help="run everything in seconds, to test it")
    options = read_options(parser.parse_args())
    options.work.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(1)
    for name, run in STAGES.items():
        if parser.parse_args().stage in (name, "all"):
            run(options)


if __name__ == "__main__":
    main()
