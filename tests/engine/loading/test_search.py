"""A model is found by name or folder, with its prior; every way of not finding it has its own message."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.checkpoints import build
from tests.checkpoints.networks import write_tensors
from wassily.engine.loading import find
from wassily.errors import ModelBroken, ModelMissing


@pytest.fixture(autouse=True)
def empty_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    return folder


@pytest.fixture
def both(tiny22: Path, tmp_path: Path) -> Path:
    """Return a copy of a 2.2 decoder, its prior beside it, that a test may change."""
    shutil.copytree(tiny22.parent, tmp_path / "both")
    return tmp_path / "both" / tiny22.name


def test_a_folder(tiny3: Path) -> None:
    checkpoint = find(tiny3)
    assert checkpoint.name == str(tiny3)
    assert checkpoint.folder == tiny3
    assert checkpoint.family == "kandinsky-3"
    assert checkpoint.licence == "apache-2.0"
    assert (checkpoint.revision, checkpoint.inpaint, checkpoint.prior) == (None, False, None)
    assert checkpoint.config("scheduler")["beta_schedule"] == "squaredcos_cap_v2"
    assert checkpoint.config("unet")["_class_name"] == "Kandinsky3UNet"
    assert checkpoint.config("tokenizer")["tokenizer_class"] == "T5Tokenizer"


def test_digests_tell_checkpoints_apart(tiny3: Path, tiny3_inpaint: Path, tiny22: Path) -> None:
    checkpoints = [find(folder) for folder in (tiny3, tiny3_inpaint, tiny22)]
    assert len({checkpoint.digest for checkpoint in checkpoints}) == 3
    assert find(tiny3).digest == checkpoints[0].digest


def test_a_learned_null_embedding_counts(tiny3: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny3, folder)
    write_tensors(folder / "null_embedding.safetensors", {"null_embedding": torch.ones(24)})
    assert find(folder).digest != find(tiny3).digest


def test_a_copy_has_the_same_digest(both: Path, tiny22: Path) -> None:
    assert find(both).digest == find(tiny22).digest


def test_the_prior_beside_the_folder(tiny21: Path) -> None:
    checkpoint = find(tiny21)
    assert checkpoint.prior is not None
    assert checkpoint.prior.folder == tiny21.parent / "kandinsky21-prior"
    assert checkpoint.prior.holds_prior
    assert checkpoint.prior.family == "kandinsky-2.1"
    assert checkpoint.prior.config("image_processor")["crop_size"]["height"] == 224


def test_the_prior_that_is_named(both: Path, tmp_path: Path) -> None:
    other = build.kandinsky22_prior(tmp_path / "elsewhere")
    checkpoint = find(both, prior=other)
    assert checkpoint.prior is not None
    assert checkpoint.prior.folder == other


def test_of_several_priors_the_one_of_the_readme(both: Path) -> None:
    home = both.parent
    shutil.copytree(home / "kandinsky22-prior", home / "a-prior")
    assert (found := find(both).prior) is not None
    assert found.folder.name == "a-prior"
    (home / "kandinsky22-prior").rename(home / "kandinsky-2-2-prior")  # the name in the README
    assert (found := find(both).prior) is not None
    assert found.folder.name == "kandinsky-2-2-prior"


def test_a_prior_of_another_family_beside_is_passed_over(both: Path) -> None:
    shutil.rmtree(both.parent / "kandinsky22-prior")
    build.kandinsky21_prior(both.parent / "kandinsky21-prior")
    with pytest.raises(ModelMissing, match="kandinsky-community/kandinsky-2-2-prior is not on this machine"):
        find(both)


def test_a_prior_that_does_not_fit(both: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="its embeddings have 32 numbers, and the UNet takes 40"):
        find(both, prior=build.kandinsky21_prior(tmp_path / "p"))


def test_a_prior_that_is_none(both: Path) -> None:
    with pytest.raises(ModelBroken, match="it is not a prior"):
        find(both, prior=both)


def test_a_prior_where_none_is_used(tiny3: Path, tiny22: Path) -> None:
    with pytest.raises(ModelBroken, match="is of no use"):
        find(tiny3, prior=tiny22.parent / "kandinsky22-prior")


@pytest.mark.parametrize("component", ["unet", "movq", "scheduler"])
def test_a_component_that_is_missing(both: Path, component: str) -> None:
    shutil.rmtree(both / component)
    with pytest.raises(ModelBroken, match=f"{component} is not complete"):
        find(both)


def test_a_prior_without_image_encoder(both: Path) -> None:
    shutil.rmtree(both.parent / "kandinsky22-prior" / "image_encoder")
    with pytest.raises(ModelBroken, match="image_encoder is not complete"):
        find(both)


@pytest.mark.parametrize("lost", ["vocab.json", "merges.txt"])
def test_a_tokenizer_without_vocabulary(both: Path, lost: str) -> None:
    """The libraries would make an almost empty tokenizer without a word."""
    (both.parent / "kandinsky22-prior" / "tokenizer" / lost).unlink()
    with pytest.raises(ModelBroken, match=f"holds no vocabulary: {lost} is missing"):
        find(both)


def test_truncated_weights_are_noticed(both: Path) -> None:
    path = both / "movq" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelBroken, match="where its header says"):
        find(both)


def test_weights_as_pickles(both: Path) -> None:
    path = both / "unet" / "diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))
    with pytest.raises(ModelBroken, match="pickle only"):
        find(both)


def test_paths_that_are_no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelMissing, match="there is no folder"):
        find(tmp_path / "nothing")
    with pytest.raises(ModelMissing, match="there is no folder"):
        find("./nothing")
    with pytest.raises(ModelBroken, match="is not a model folder"):
        find(str(tmp_path))


def test_a_folder_goes_before_a_hub_id(tiny3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(tiny3, tmp_path / "kandinsky-community" / "kandinsky-3")
    monkeypatch.chdir(tmp_path)
    checkpoint = find("kandinsky-community/kandinsky-3")
    assert (checkpoint.name, checkpoint.revision) == ("kandinsky-community/kandinsky-3", None)


def test_an_unrelated_folder_does_not_hide_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kandinsky-3").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelMissing, match="kandinsky-community/kandinsky-3 is not on this machine"):
        find("kandinsky-3")


def test_embedded_models(tiny3: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wassily.engine.loading.search.EMBEDDED", tiny3.parent)
    checkpoint = find(tiny3.name)
    assert (checkpoint.name, checkpoint.folder, checkpoint.revision) == (tiny3.name, tiny3, None)


def test_an_embedded_model_that_is_not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wassily.engine.loading.search.EMBEDDED", tmp_path)
    with pytest.raises(ModelMissing, match="the embedded model mini-9 is not here"):
        find("mini-9")


@pytest.mark.parametrize("name", ["kandinsky", "a/b/c", "a b/c", "org/name@", ""])
def test_names_that_mean_nothing(name: str) -> None:
    with pytest.raises(ModelMissing, match="there is no"):
        find(name)


def test_a_model_that_must_be_converted() -> None:
    with pytest.raises(ModelMissing, match="pickle only") as caught:
        find("kandinsky-3-inpaint")
    assert "in_channels 9" in caught.value.fix
