"""Mixing image embeddings and what they are guided away from."""

import torch

from wassily.engine.families.vision import Vision, blend_visions


def test_a_blend_weighs_the_negatives_as_it_does_the_vectors():
    first = Vision(vector_BD=torch.tensor([[1.0, 0.0]]), negative_BD=torch.tensor([[4.0, 0.0]]))
    second = Vision(vector_BD=torch.tensor([[0.0, 1.0]]), negative_BD=torch.tensor([[0.0, 8.0]]))
    blended = blend_visions([(first, 0.25), (second, 0.75)])
    assert torch.equal(blended.vector_BD, torch.tensor([[0.25, 0.75]]))
    assert torch.equal(blended.negative_BD, torch.tensor([[1.0, 6.0]]))


def test_a_part_without_a_negative_leaves_the_blend_without_one():
    part = Vision(vector_BD=torch.ones(1, 2), negative_BD=torch.ones(1, 2))
    assert blend_visions([(part, 0.5), (Vision(vector_BD=torch.ones(1, 2)), 0.5)]).negative_BD is None
