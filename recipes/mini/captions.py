"""Say what a scene shows in a random way, in English, Russian, Chinese or German.

Each language has a small grammar over two tables: nouns in `subjects.toml`, everything else in
`phrases.toml`. What differs from the plain case (a place, a tint, a size, a side) is always said;
a subject on white says nothing about its background most of the time.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recipes.mini.artwork import Subject
from recipes.mini.places import BACKGROUNDS, COLOURS, Generator
from recipes.mini.scenes import POSITIONS, SIZES, TINTS, Scene

LANGUAGES: tuple[str, ...] = ("en", "ru", "zh", "de")
VOWELS = "aeiou"
PHRASES = Path(__file__).with_name("phrases.toml")

# The values are strings, lists of strings and tables of lists, as the TOML has them.
Phrases = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words chosen for one caption; empty where nothing is said."""

    noun: str
    helmet: str
    colour: str
    size: str
    cute: str
    place: str
    plain: str
    backdrop: str
    position: str
    verb: str


def pick(rng: Generator, options: Sequence[str]) -> str:
    """Choose one of some phrases."""
    return options[int(rng.integers(len(options)))]


def read_phrases() -> dict[str, Phrases]:
    """Read the table of phrases by language."""
    return tomllib.loads(PHRASES.read_text(encoding="utf-8"))


def choose_words(scene: Scene, subject: Subject, phrases: Phrases, rng: Generator, language: str) -> Words:
    """Choose what to say of a scene and with which words."""
    size, position = list(SIZES)[scene.size], list(POSITIONS)[scene.position]
    background, colour = BACKGROUNDS[scene.background], TINTS[scene.tint]
    if colour == "none" and subject.natural and not scene.helmet and rng.random() < 0.25:
        colour = pick(rng, subject.natural)
    plain = background in COLOURS and (background != "white" or rng.random() < 0.3)
    place = background not in COLOURS
    centred = position == "centre" and rng.random() > 0.05
    return Words(
        noun=pick(rng, subject.nouns[language]),
        helmet=pick(rng, phrases["helmet"]) if scene.helmet else "",
        colour=pick(rng, phrases["colours"][colour]) if colour != "none" else "",
        size=pick(rng, phrases["sizes"][size]) if size != "normal" else "",
        cute=pick(rng, phrases["cute"]) if rng.random() < 0.12 else "",
        place=pick(rng, phrases["places"][background]) if place else "",
        plain=pick(rng, phrases["plain"]) if plain else "",
        backdrop=pick(rng, phrases["colours"][background]) if plain else "",
        position="" if centred else pick(rng, phrases["positions"][position]),
        verb=pick(rng, phrases["verbs"]) if place and rng.random() < 0.2 else "",
    )


def join(*parts: str) -> str:
    """Join the parts that are not empty with spaces."""
    return " ".join(part for part in parts if part)


def wrap(helmet: str, noun: str) -> str:
    """Put the noun into its helmet phrase, if there is one."""
    return helmet.format(noun) if helmet else noun


def arrange(subject: str, place: str, position: str, rng: Generator) -> str:
    """Order the parts of a European caption: mostly subject first, sometimes the place."""
    if place and rng.random() < 0.1:
        return f"{place}, {join(subject, position)}"
    if position and rng.random() < 0.3:
        return f"{join(subject, place)}, {position}"
    if position and rng.random() < 0.5:
        return join(subject, position, place)
    return join(subject, place, position)


def say_english(words: Words, phrases: Phrases, rng: Generator) -> str:
    """Write an English caption."""
    noun = join(words.size, words.cute, words.colour, wrap(words.helmet, words.noun))
    before = pick(rng, phrases["before"]) if rng.random() < 0.2 else ""
    draw = rng.random()
    if draw < 0.6:
        noun = f"{'an' if noun[0] in VOWELS else 'a'} {noun}"
    elif draw < 0.7:
        noun = f"the {noun}"
    place = words.place or words.plain.format(words.backdrop)
    if place.endswith("background") and not place.startswith(("on", "in", "against")):
        noun += ","
    return before + arrange(join(noun, words.verb), place, words.position, rng)


def inflect_russian(adjective: str, gender: str) -> str:
    """Choose an adjective's form for a noun's gender, or "p" for the prepositional case."""
    return adjective.split("/")["mfnp".index(gender)] if adjective else ""


def say_russian(words: Words, phrases: Phrases, rng: Generator) -> str:
    """Write a Russian caption."""
    noun, gender = words.noun.split("/")
    adjectives = [inflect_russian(word, gender) for word in (words.size, words.cute, words.colour)]
    subject = join(*adjectives, wrap(words.helmet, noun), words.verb)
    place = words.place or words.plain.format(inflect_russian(words.backdrop, "p"))
    before = pick(rng, phrases["before"]) if rng.random() < 0.15 else ""
    return before + arrange(subject, place, words.position, rng)


def inflect_german(adjective: str, ending: str) -> str:
    """Add an ending to an adjective's stem, unless it takes none."""
    if not adjective:
        return ""
    return adjective[1:] if adjective.startswith("=") else adjective + ending


def say_german(words: Words, phrases: Phrases, rng: Generator) -> str:
    """Write a German caption, in the nominative or, after "von", in the dative."""
    noun, gender, *rest = words.noun.split("/")
    dative = rng.random() < 0.15
    bare = not dative and rng.random() < 0.35
    if dative:
        before, article, ending = pick(rng, phrases["dative"]), "einer" if gender == "f" else "einem", "en"
        noun = rest[0] if rest else noun
    else:
        before = pick(rng, phrases["before"]) if rng.random() < 0.12 else ""
        article = "" if bare else "eine" if gender == "f" else "ein"
        ending = {"m": "er", "f": "e", "n": "es"}[gender]
    adjectives = [inflect_german(word, ending) for word in (words.size, words.cute, words.colour)]
    subject = join(article, *adjectives, wrap(words.helmet, noun), words.verb)
    place = words.place or words.plain.format(inflect_german(words.backdrop, "em"))
    return before + arrange(subject, place, words.position, rng)


def say_chinese(words: Words, phrases: Phrases, rng: Generator) -> str:
    """Write a Chinese caption: the place comes before the subject with 的, or after it with 在."""
    noun, measure = words.noun.split("/")
    colour = words.colour and words.colour + pick(rng, ("", "色", "色的"))
    count = pick(rng, (f"一{measure}", f"一{measure}", "", "", "", "一个"))
    subject = words.size + words.cute + colour + wrap(words.helmet, noun)
    backdrop = words.backdrop and words.backdrop + pick(rng, ("色", "色", ""))
    place = words.place or words.plain.format(backdrop)
    side = words.position and pick(rng, ("在{}", "，在{}", "，{}")).format(words.position)
    before = pick(rng, phrases["before"]) if rng.random() < 0.15 else ""
    if not place:
        return before + count + subject + side
    draw = rng.random()
    if draw < 0.45:
        link = words.verb + "在" if words.verb else pick(rng, ("", "", "在"))
        return (
            before
            + pick(rng, (f"{link}{place}的{count}{subject}", f"{count}{link}{place}的{subject}"))
            + side
        )
    if draw < 0.85:
        return before + f"{count}{subject}{words.verb}在{place}" + side
    return before + f"{count}{subject}{side}，{place}"


GRAMMARS: dict[str, Callable[[Words, Phrases, Generator], str]] = {
    "en": say_english,
    "ru": say_russian,
    "zh": say_chinese,
    "de": say_german,
}


class Captioner:
    """Writes captions from the tables of words."""

    def __init__(self, subjects: tuple[Subject, ...]) -> None:
        """Keep the subjects' nouns and read the phrases."""
        self.subjects = subjects
        self._phrases = read_phrases()

    def say(self, scene: Scene, rng: Generator, language: str | None = None) -> str:
        """Write one caption, in a random language unless one is given (English twice as often as another)."""
        language = language or pick(rng, ("en", *LANGUAGES))
        phrases = self._phrases[language]
        words = choose_words(scene, self.subjects[scene.subject], phrases, rng, language)
        caption = GRAMMARS[language](words, phrases, rng)
        count = int(rng.choice(3, p=(0.72, 0.2, 0.08)))
        for filler in rng.permutation(phrases["after"])[:count]:
            caption += str(filler)
        return vary_writing(caption, rng)

    def plain(self, scene: Scene, language: str) -> str:
        """Write the plainest caption: the first words of the tables, no fillers."""
        phrases, subject = self._phrases[language], self.subjects[scene.subject]
        background = BACKGROUNDS[scene.background]
        place, plain = background not in COLOURS, background in COLOURS and background != "white"
        words = Words(
            noun=subject.nouns[language][0],
            helmet=phrases["helmet"][0] if scene.helmet else "",
            colour=phrases["colours"][TINTS[scene.tint]][0] if scene.tint else "",
            size=phrases["sizes"][list(SIZES)[scene.size]][0] if scene.size else "",
            cute="",
            place=phrases["places"][background][0] if place else "",
            plain=phrases["plain"][0] if plain else "",
            backdrop=phrases["colours"][background][0] if plain else "",
            position=phrases["positions"][list(POSITIONS)[scene.position]][0] if scene.position else "",
            verb="",
        )
        return GRAMMARS[language](words, phrases, _First())  # type: ignore[arg-type]


class _First:
    """Stands for a random generator where the first option is wanted and nothing optional."""

    def random(self) -> float:
        """Return a draw that triggers nothing that happens below one half."""
        return 0.5

    def integers(self, high: int) -> int:
        """Return the first of `high` options."""
        return 0 * high


def vary_writing(caption: str, rng: Generator) -> str:
    """Vary a caption's case and final punctuation."""
    draw = rng.random()
    if draw < 0.35:
        caption = caption.lower()
    elif draw < 0.7:
        caption = caption[:1].upper() + caption[1:]
    if rng.random() < 0.12:
        caption += pick(rng, (".", "!", " ."))
    return caption
