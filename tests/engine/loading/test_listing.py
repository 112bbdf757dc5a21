"""The list holds embedded, published and cached models, and is quick: no model library is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.loading.test_hub import put_in_cache
from wassily.engine.loading import list_models
from wassily.errors import ModelBroken, ModelMissing


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    cache, embedded = tmp_path / "hub", tmp_path / "models"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    monkeypatch.setattr("wassily.engine.loading.listing.EMBEDDED", embedded)
    return cache, embedded


def test_nothing_on_disk() -> None:
    entries = list_models()
    assert [entry.name for entry in entries] == [
        "kandinsky-2.1",
        "kandinsky-2.1-inpaint",
        "kandinsky-2.2",
        "kandinsky-2.2-inpaint",
        "kandinsky-3",
        "kandinsky-3-inpaint",
    ]
    assert {(entry.size_bytes, entry.licence) for entry in entries} == {(0, "apache-2.0")}
    assert [entry.status for entry in entries] == ["known"] * 5 + ["to convert"]


def test_what_each_can_do() -> None:
    can = {entry.name: entry.can for entry in list_models()}
    everything = ("text2image", "image2image", "mix", "interpolate", "inpaint", "outpaint")
    assert can["kandinsky-2.2"] == can["kandinsky-3"] == everything
    assert can["kandinsky-2.1-inpaint"] == ("inpaint", "outpaint")


def test_cached_models(
    places: tuple[Path, Path], tiny3: Path, tiny22: Path, tiny22_inpaint: Path, tmp_path: Path
) -> None:
    cache, _ = places
    prior = tiny22.parent / "kandinsky22-prior"
    put_in_cache(cache, "kandinsky-community/kandinsky-2-2-decoder", tiny22)
    put_in_cache(cache, "kandinsky-community/kandinsky-2-2-prior", prior)
    put_in_cache(cache, "me/my--model", tiny3)
    incomplete = put_in_cache(cache, "me/half", tiny3)
    (incomplete / "unet" / "config.json").unlink()
    entries = {entry.name: entry for entry in list_models()}
    assert entries["kandinsky-2.2"].status == "cached"
    sizes = [file.stat().st_size for root in (tiny22, prior) for file in root.rglob("*") if file.is_file()]
    assert entries["kandinsky-2.2"].size_bytes == sum(sizes)
    assert entries["kandinsky-2.2-inpaint"].status == "known"
    mine = entries["me/my--model"]
    assert (mine.status, mine.family, mine.place) == ("cached", "kandinsky-3", "me/my--model")
    assert "me/half" not in entries
    assert "kandinsky-community/kandinsky-2-2-prior" not in entries


def test_a_decoder_without_its_prior_is_not_complete(places: tuple[Path, Path], tiny22: Path) -> None:
    put_in_cache(places[0], "kandinsky-community/kandinsky-2-2-decoder", tiny22)
    assert "cached" not in {entry.status for entry in list_models()}


def test_embedded_models_come_first(places: tuple[Path, Path], tiny3_inpaint: Path) -> None:
    places[1].mkdir()
    (places[1] / "mini-3").symlink_to(tiny3_inpaint)
    (places[1] / "__pycache__").mkdir()
    first = list_models()[0]
    assert (first.name, first.status, first.can) == ("mini-3", "embedded", ("inpaint", "outpaint"))
    assert first.size_bytes > 0


def test_finding_and_listing_import_no_model_library(tiny3: Path) -> None:
    program = (
        "import sys\n"
        "from wassily.engine.loading import find, list_models\n"
        "assert 'huggingface_hub' not in sys.modules\n"
        f"find({str(tiny3)!r}); list_models()\n"
        "print(sorted({'torch', 'diffusers', 'transformers', 'safetensors'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_errors_are_whole_sentences() -> None:
    """What, why and fix stand alone: no full stop of their own."""
    from wassily.engine.loading import find

    for name in ("kandinsky-3", "kandinsky-3-inpaint", "nothing", "me/model", "mini-9"):
        with pytest.raises((ModelMissing, ModelBroken)) as caught:
            find(name)
        for part in (caught.value.what, caught.value.why, caught.value.fix):
            assert part
            assert not part.endswith(".")
