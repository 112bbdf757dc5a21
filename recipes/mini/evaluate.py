"""Measure what the model draws: subject and background, in seen and held-out pairs, by language."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from recipes.mini.artwork import read_subjects
from recipes.mini.captions import LANGUAGES, Captioner
from recipes.mini.checkpoint import seeded
from recipes.mini.draw import Model, draw, load_model
from recipes.mini.judge import Judge, load_judge
from recipes.mini.movq import to_tensor
from recipes.mini.places import BACKGROUNDS, PICTURE_PX
from recipes.mini.scenes import Scene, is_held_out

SCORES = "evaluation.md"
LABEL_PX = 14
FONTS = ("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "Arial.ttf")
FREE_PROMPTS = (
    "a red fox in a snowy forest",
    "Красная лиса в снежном лесу",
    "雪林中的红狐狸",
    "Ein roter Fuchs im verschneiten Wald",
    "A cat astronaut floating in space, digital art, vibrant colors",
    "a cat",
    "A cat",
    "a dog",
    "кот-космонавт в космосе",
    "a penguin on the beach",
    "robot in the city, 3d render",
    "замок в горах",
    "a castle under water",
    "ein Schneemann in der Wüste",
    "夜空下的猫头鹰",
    "a sailboat in the autumn forest",
    "a blue car in a meadow",
    "a green cat on a pink background",
    "pizza in space",
    "ein großer Elefant auf einer Wiese",
    "a small mushroom in the forest in winter",
    "火箭在太空中",
    "подсолнух на лугу",
    "a rocket at night",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The part of pictures with the right subject, the right background and both; n pictures."""

    name: str
    subject: float
    background: float
    both: float
    n: int

    def line(self) -> str:
        """Return the score as a row of a Markdown table."""
        return f"| {self.name} | {self.subject:.1%} | {self.background:.1%} | {self.both:.1%} | {self.n} |"


HEADER = "| | subject | background | both | n |\n|---|---|---|---|---|"


def choose_pairs(rng: np.random.Generator, subjects: int, n: int, *, held_out: bool) -> list[Scene]:
    """Draw plain scenes, every subject about equally often, backgrounds of places and colours alike."""
    order = [int(s) for _ in range(n // subjects + 1) for s in rng.permutation(subjects)][:n]
    scenes = []
    for subject in order:
        fitting = [b for b in range(len(BACKGROUNDS)) if is_held_out(subject, b) == held_out]
        scenes.append(Scene(subject=subject, background=int(rng.choice(fitting))))
    return scenes


def judge_pictures(judge: Judge, pictures: NDArray[np.uint8], scenes: list[Scene], name: str) -> Score:
    """Compare what the judge sees with what was asked for."""
    with torch.no_grad():
        subject, background = judge(to_tensor(pictures))
    rows = torch.tensor([scene.row() for scene in scenes])
    right_subject = subject.argmax(1) == rows[:, 0]
    right_background = background.argmax(1) == rows[:, 1]
    both = right_subject & right_background
    parts = [float(part.float().mean()) for part in (right_subject, right_background, both)]
    return Score(name=name, subject=parts[0], background=parts[1], both=parts[2], n=len(scenes))


def find_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the first font of the list that this machine has."""
    for name in FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def lay_out(pictures: NDArray[np.uint8], labels: list[str], *, columns: int = 8) -> Image.Image:
    """Arrange pictures in a grid, each under its label."""
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * PICTURE_PX, rows * (PICTURE_PX + LABEL_PX)), "white")
    pen, font = ImageDraw.Draw(sheet), find_font(9)
    for index, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        x, y = index % columns * PICTURE_PX, index // columns * (PICTURE_PX + LABEL_PX)
        sheet.paste(Image.fromarray(picture), (x, y + LABEL_PX))
        pen.rectangle([x, y, x + PICTURE_PX - 1, y + LABEL_PX - 1], fill="white")
        pen.text((x + 2, y + 1), label[:28], fill="black", font=font)
    return sheet


def score_groups(model: Model, judge: Judge, *, n: int, steps: int, guidance: float) -> list[Score]:
    """Draw and judge seen pairs, held-out pairs and the same scenes in every language."""
    subjects = read_subjects(judge.subject.out_features)
    captioner = Captioner(subjects)
    rng, _ = seeded(10)
    scores = []
    for name, held_out in (("seen pairs", False), ("held-out pairs", True)):
        scenes = choose_pairs(rng, len(subjects), n, held_out=held_out)
        captions = [captioner.plain(scene, LANGUAGES[i % len(LANGUAGES)]) for i, scene in enumerate(scenes)]
        pictures = draw(model, captions, seed=100, steps=steps, guidance=guidance)
        scores.append(judge_pictures(judge, pictures, scenes, name))
    scenes = choose_pairs(rng, len(subjects), n, held_out=False)
    for language in LANGUAGES:
        captions = [captioner.plain(scene, language) for scene in scenes]
        pictures = draw(model, captions, seed=200, steps=steps, guidance=guidance)
        scores.append(judge_pictures(judge, pictures, scenes, language))
    return scores


def evaluate(work: Path, *, n: int, steps: int, guidance: float, limit: int | None = None) -> str:
    """Print and return the table of scores; write the contact sheet and the scores into the work folder."""
    model, judge = load_model(work), load_judge(work, len(read_subjects(limit)))
    scores = score_groups(model, judge, n=n, steps=steps, guidance=guidance)
    table = "\n".join([HEADER, *(score.line() for score in scores)])
    text = f"{steps} steps, guidance {guidance:g}, captions in all four languages unless named.\n\n{table}\n"
    (work / SCORES).write_text(text, encoding="utf-8")
    print(text, flush=True)
    write_sheet(model, work / "sheet.png", steps=steps, guidance=guidance)
    return text


def write_sheet(model: Model, path: Path, *, steps: int, guidance: float) -> None:
    """Draw the free prompts into one labelled picture."""
    prompts = list(FREE_PROMPTS)
    pictures = draw(model, prompts, seed=7, steps=steps, guidance=guidance)
    lay_out(pictures, prompts).save(path)
