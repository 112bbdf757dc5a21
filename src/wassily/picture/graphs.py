"""ComfyUI's node graphs: from the sampler, along the links, to what was asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from wassily.picture.json import Json

# What the values of a node mean in a saved workflow, where they have no names.
_WIDGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "KSampler": ("seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"),
    "KSamplerAdvanced": ("", "noise_seed", "", "steps", "cfg", "sampler_name", "scheduler"),
    "CLIPTextEncode": ("text",),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name",),
}
_TEXTS: Final = ("text", "text_g", "prompt", "string", "value", "text_positive")
_MODELS: Final = ("ckpt_name", "unet_name", "model_name")
_SIZES: Final = ("width", "height")


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node: its class, its plain values, and the ids its inputs are linked to."""

    kind: str
    values: Mapping[str, Json]
    links: Mapping[str, str]


Graph: TypeAlias = Mapping[str, Node]


def read_graph(prompt: Mapping[str, Json]) -> Graph:
    """The nodes of the `prompt` text: id → class_type and inputs; what is malformed is left out."""
    nodes = {}
    for name, value in prompt.items():
        match value:
            case {"class_type": str(kind), "inputs": dict(inputs)}:
                links = dict(_links(inputs))
                plain = {key: item for key, item in inputs.items() if key not in links}
                nodes[name] = Node(kind=kind, values=plain, links=links)
    return nodes


def read_workflow(workflow: Mapping[str, Json]) -> Graph:
    """The nodes of the `workflow` text, the graph as it is drawn on screen."""
    wires = _wires(workflow.get("links"))
    entries = workflow.get("nodes")
    nodes = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(kind := entry.get("type"), str):
            values = dict(_name_widgets(kind, entry.get("widgets_values")))
            links = dict(_ends(entry.get("inputs"), wires))
            nodes[str(entry.get("id"))] = Node(kind=kind, values=values, links=links)
    return nodes


def settings_in(graph: Graph) -> dict[str, Json]:
    """What the main sampler was asked: prompt, negative, steps, cfg, seed, size, model and the like."""
    sampler = next(_samplers(graph), None)
    if sampler is None:
        return {}
    found = {
        name: _follow_value(graph, sampler, name) for name in ("steps", "cfg", "sampler_name", "scheduler")
    }
    found["seed"] = _follow_value(graph, sampler, "seed") or _follow_value(graph, sampler, "noise_seed")
    for ours, theirs in (("prompt", "positive"), ("negative", "negative")):
        found[ours] = _search(graph, sampler.links.get(theirs), _TEXTS)
    for name in _SIZES:
        found[name] = _search(graph, sampler.links.get("latent_image"), (name,))
    found["model"] = _search(graph, sampler.links.get("model"), _MODELS)
    return found


def _samplers(graph: Graph) -> Iterator[Node]:
    """The nodes that have a prompt and steps, those that start from noise alone first."""
    samplers = [node for node in graph.values() if "positive" in node.links and "Sampler" in node.kind]
    yield from sorted(samplers, key=lambda node: node.values.get("denoise", 1) != 1)


def _search(graph: Graph, start: str | None, names: tuple[str, ...]) -> Json:
    """The nearest named value that is no link, from a node along its links; None without."""
    waiting, seen = [start], {None, ""}
    while waiting:
        name = waiting.pop(0)
        if name in seen or (node := graph.get(name or "")) is None:
            continue
        seen.add(name)
        for key in names:
            if node.values.get(key) not in (None, ""):
                return node.values[key]
        waiting.extend(node.links.values())
    return None


def _follow_value(graph: Graph, node: Node, name: str) -> Json:
    """A node's value, also when it comes from another node."""
    if name in node.values:
        return node.values[name]
    return _search(graph, node.links.get(name), (name, "value", "int", "float", "number", "seed"))


def _links(inputs: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """The inputs that are [id of a node, which output]."""
    for name, value in inputs.items():
        match value:
            case [str() | int() as node, int()]:
                yield name, str(node)


def _wires(links: Json) -> dict[str, str]:
    """Link id → id of the node it comes from."""
    rows = links if isinstance(links, list) else []
    return {str(row[0]): str(row[1]) for row in rows if isinstance(row, list) and len(row) >= 2}


def _ends(inputs: Json, wires: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for end in inputs if isinstance(inputs, list) else []:
        match end:
            case {"name": str(name), "link": int() | str() as link} if str(link) in wires:
                yield name, wires[str(link)]


def _name_widgets(kind: str, values: Json) -> Iterator[tuple[str, Json]]:
    given = values if isinstance(values, list) else []
    yield from ((name, value) for name, value in zip(_WIDGETS.get(kind, ()), given, strict=False) if name)
