"""Write a whole checkpoint into a folder, as published but tiny; a prior stands beside its decoder.

Every function takes the folder to fill and returns it. The weights are random, seeded and float32
unless a dtype is asked for.
"""

from pathlib import Path

import torch

from tests.checkpoints import networks, schedulers, vocabularies


def kandinsky21(folder: Path) -> Path:
    """Write the 2.1 decoder, with both of its schedulers."""
    return _decoder21(folder, in_channels=4)


def kandinsky21_inpaint(folder: Path) -> Path:
    """Write the 2.1 inpainting decoder; its model_index.json names the plain pipeline, as published."""
    return _decoder21(folder, in_channels=9)


def kandinsky21_prior(folder: Path) -> Path:
    """Write the prior of 2.1, whose tokenizer pads with an exclamation mark."""
    return _prior(folder, pipeline="KandinskyPriorPipeline", dim=networks.IMAGE_DIM_21)


def kandinsky22(folder: Path, *, prior: str = "kandinsky-community/kandinsky-2-2-prior") -> Path:
    """Write the 2.2 decoder; only its README names the prior."""
    return _decoder22(folder, pipeline="KandinskyV22Pipeline", in_channels=4, prior=prior)


def kandinsky22_inpaint(folder: Path, *, prior: str = "kandinsky-community/kandinsky-2-2-prior") -> Path:
    """Write the 2.2 inpainting decoder, which takes nine channels."""
    return _decoder22(folder, pipeline="KandinskyV22InpaintPipeline", in_channels=9, prior=prior)


def kandinsky22_prior(folder: Path) -> Path:
    """Write the prior of 2.2."""
    return _prior(folder, pipeline="KandinskyV22PriorPipeline", dim=networks.IMAGE_DIM_22)


def kandinsky3(folder: Path, *, dtype: torch.dtype = torch.float32) -> Path:
    """Write Kandinsky 3; with float16 only `fp16` files, as published."""
    return _model3(folder, in_channels=4, dtype=dtype)


def kandinsky3_inpaint(folder: Path, *, dtype: torch.dtype = torch.float32) -> Path:
    """Write Kandinsky 3 for inpainting: nine channels in, four out, a layout that diffusers cannot load."""
    return _model3(folder, in_channels=9, dtype=dtype)


def _decoder21(folder: Path, *, in_channels: int) -> Path:
    vocabulary = vocabularies.write_xlm_roberta_tokenizer(folder / "tokenizer")
    networks.write_network(folder / "text_encoder", networks.xlm_roberta(vocabulary=vocabulary, seed=1))
    networks.write_network(folder / "unet", networks.unet21(in_channels=in_channels, seed=in_channels))
    networks.write_network(folder / "movq", networks.movq(seed=2))
    networks.write_json(folder / "scheduler/scheduler_config.json", schedulers.DDIM_21)
    networks.write_json(folder / "ddpm_scheduler/scheduler_config.json", schedulers.DDPM_21)
    components = {
        "movq": ["diffusers", "VQModel"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["kandinsky", "MultilingualCLIP"],
        "tokenizer": ["transformers", "XLMRobertaTokenizerFast"],
        "unet": ["diffusers", "UNet2DConditionModel"],
    }
    return _finish(
        folder,
        pipeline="KandinskyPipeline",
        components=components,
        prior="kandinsky-community/kandinsky-2-1-prior",
    )


def _decoder22(folder: Path, *, pipeline: str, in_channels: int, prior: str) -> Path:
    networks.write_network(folder / "unet", networks.unet22(in_channels=in_channels, seed=in_channels))
    networks.write_network(folder / "movq", networks.movq(seed=3))
    scheduler = schedulers.DDPM_22 | {"clip_sample": in_channels == 4}
    networks.write_json(folder / "scheduler/scheduler_config.json", scheduler)
    components = {
        "movq": ["diffusers", "VQModel"],
        "scheduler": ["diffusers", "DDPMScheduler"],
        "unet": ["diffusers", "UNet2DConditionModel"],
    }
    return _finish(folder, pipeline=pipeline, components=components, prior=prior)


def _prior(folder: Path, *, pipeline: str, dim: int) -> Path:
    first = pipeline == "KandinskyPriorPipeline"
    pad, activation = ("!", "quick_gelu") if first else ("<|endoftext|>", "gelu")
    vocabulary = vocabularies.write_clip_tokenizer(folder / "tokenizer", pad=pad)
    text = networks.clip_text(dim=dim, vocabulary=vocabulary, activation=activation, seed=4)
    networks.write_network(folder / "text_encoder", text)
    vision = networks.clip_vision(dim=dim, activation=activation, seed=5)
    networks.write_network(folder / "image_encoder", vision)
    networks.write_network(folder / "prior", networks.prior(dim=dim, seed=6))
    networks.write_json(folder / "scheduler/scheduler_config.json", schedulers.UNCLIP)
    networks.write_json(folder / "image_processor/preprocessor_config.json", schedulers.CLIP_PICTURES)
    components = {
        "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
        "image_processor": ["transformers", "CLIPImageProcessor"],
        "prior": ["diffusers", "PriorTransformer"],
        "scheduler": ["diffusers", "UnCLIPScheduler"],
        "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    return _finish(folder, pipeline=pipeline, components=components, prior=None)


def _model3(folder: Path, *, in_channels: int, dtype: torch.dtype) -> Path:
    variant = "fp16" if dtype == torch.float16 else None
    vocabulary = vocabularies.write_t5_tokenizer(folder / "tokenizer")
    text = networks.t5(vocabulary=vocabulary, seed=7)
    networks.write_shards(folder / "text_encoder", text, dtype=dtype, variant=variant)
    unet = networks.unet3(in_channels=in_channels, seed=in_channels)
    networks.write_network(folder / "unet", unet, dtype=dtype, variant=variant)
    networks.write_network(folder / "movq", networks.movq(seed=8), dtype=dtype, variant=variant)
    networks.write_json(folder / "scheduler/scheduler_config.json", schedulers.DDPM_3)
    components = {
        "movq": ["diffusers", "VQModel"],
        "scheduler": ["diffusers", "DDPMScheduler"],
        "text_encoder": ["transformers", "T5EncoderModel"],
        "tokenizer": ["transformers", "T5Tokenizer"],
        "unet": ["diffusers", "Kandinsky3UNet"],
    }
    return _finish(folder, pipeline="Kandinsky3Pipeline", components=components, prior=None)


def _finish(folder: Path, *, pipeline: str, components: dict[str, list[str]], prior: str | None) -> Path:
    """Write model_index.json, and the README whose front matter names licence and prior."""
    index = {"_class_name": pipeline, "_diffusers_version": "0.17.0"} | components
    networks.write_json(folder / "model_index.json", index)
    line = f"prior:\n- {prior}\n" if prior else ""
    front = f"---\nlicense: apache-2.0\n{line}tags:\n- text-to-image\n---\n"
    (folder / "README.md").write_text(front + "\n# A tiny checkpoint\n", encoding="utf-8")
    return folder
