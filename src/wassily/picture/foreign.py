"""The settings that other programs write, each into the names of this one."""

from collections.abc import Mapping
from typing import Final

from wassily.picture.graphs import read_graph, read_workflow, settings_in
from wassily.picture.infotext import parse_infotext
from wassily.picture.json import Json, as_text, first_of, parse_object

Values = dict[str, Json]

# Ours → the names it goes by in flat records, the most telling first.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "prompt": ("positive_prompt", "prompt", "Prompt"),
    "negative": ("negative_prompt", "negative_prior_prompt", "negative_decoder_prompt", "Negative Prompt"),
    "steps": ("steps", "num_steps", "Steps"),
    "guidance": ("cfg_scale", "guidance_scale", "CFG scale", "Guidance Scale"),
    "seed": ("seed", "input_seed", "Seed"),
    "width": ("width", "w"),
    "height": ("height", "h"),
    "sampler": ("scheduler", "sampler", "sampler_name", "Sampler"),
    "model": ("model", "base_model", "model_name", "Model", "Base Model"),
}


def read_a1111(texts: Mapping[str, str]) -> Values:
    """AUTOMATIC1111, and the many that write as it does."""
    prompt, negative, pairs = parse_infotext(texts["parameters"])
    size = _split_size(pairs.pop("Size", None))
    return {"prompt": prompt, "negative": negative, **_rename(dict(pairs)), **size}


def read_comfyui(texts: Mapping[str, str]) -> Values:
    """ComfyUI: the graph that ran, else the one on screen."""
    found: Values = {}
    if "prompt" in texts:
        found = settings_in(read_graph(parse_object(texts["prompt"], of="ComfyUI's graph")))
    if not found and "workflow" in texts:
        found = settings_in(read_workflow(parse_object(texts["workflow"], of="ComfyUI's workflow")))
    if found:
        found["guidance"] = found.pop("cfg", None)
        found["sampler"] = found.pop("sampler_name", None)
    return found


def read_invokeai(texts: Mapping[str, str]) -> Values:
    """InvokeAI from version 3 on."""
    values = parse_object(texts["invokeai_metadata"], of="InvokeAI's record")
    model = values.get("model")
    if isinstance(model, dict):
        values["model"] = first_of(model, "name", "model_name", "key")
    return _rename(values)


def read_old_invokeai(texts: Mapping[str, str]) -> Values:
    """InvokeAI up to version 2: the picture's values stand one level down."""
    values = parse_object(texts["sd-metadata"], of="InvokeAI's record")
    image = values.get("image")
    inner = dict(image) if isinstance(image, dict) else {}
    prompt = inner.get("prompt")
    if isinstance(prompt, list):
        inner["prompt"] = [as_text(part.get("prompt") if isinstance(part, dict) else part) for part in prompt]
    return {**_rename(inner), "model": first_of(values, "model_weights", "model")}


def read_kubin(texts: Mapping[str, str]) -> Values:
    """kubin, a web page for the same models."""
    return _rename(parse_object(texts["kubin_image_metadata"], of="kubin's record"))


def read_fooocus(texts: Mapping[str, str]) -> Values:
    """Fooocus, whose scheme is either its own JSON or AUTOMATIC1111's text."""
    parameters = texts.get("parameters", "")
    if not parameters.lstrip().startswith("{"):
        return read_a1111({"parameters": parameters})
    values = parse_object(parameters, of="Fooocus's record")
    size = _split_size(first_of(values, "resolution", "Resolution"))
    return {**_rename(values), **size}


def _rename(values: Values) -> Values:
    """Known values under our names, the others under theirs."""
    renamed: Values = {}
    used = set()
    for ours, theirs in _NAMES.items():
        for name in theirs:
            if values.get(name) not in (None, ""):
                renamed[ours] = values[name]
                used.add(name)
                break
    return {**{name: value for name, value in values.items() if name not in used}, **renamed}


def _split_size(value: Json) -> Values:
    """Width and height out of "512x768", "(512, 768)" or [512, 768]."""
    text = as_text(value).lower().replace("×", "x").replace("x", ",").strip("()[] ")
    sides = [side.strip() for side in text.split(",")]
    if len(sides) != 2 or not all(side.isdecimal() for side in sides):
        return {}
    return {"width": sides[0], "height": sides[1]}
