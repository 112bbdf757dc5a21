"""The cached prior against PriorTransformer.forward."""

import pytest
import torch

from tests.parity.reference import load_engine
from wassily.engine.fast.prior_cache import PriorCache


@pytest.mark.parametrize("images", [1, 3])
@pytest.mark.parametrize("t", [0, 417, 999])
@torch.inference_mode()
def test_the_cached_prior_predicts_what_the_network_does(tiny22, images, t):
    prior = load_engine(tiny22).core.family._prior._networks["prior"]
    generator = torch.Generator().manual_seed(t + images)
    width = prior.config.embedding_dim
    text, hidden = torch.randn(2, width, generator=generator), torch.randn(2, 77, width, generator=generator)
    mask = torch.zeros(2, 77)
    mask[0, :5], mask[1, :70] = 1, 1
    x_RND = torch.randn(2, images, width, generator=generator)
    cache = PriorCache(prior, text_RD=text, hidden_RTD=hidden, mask_RT=mask)
    for row in range(2):
        theirs = prior(
            x_RND[row],
            t,
            proj_embedding=text[row].expand(images, -1),
            encoder_hidden_states=hidden[row].expand(images, -1, -1),
            attention_mask=mask[row].expand(images, -1).bool(),
        ).predicted_image_embedding
        assert (cache.predict(x_RND, t)[row] - theirs).abs().max() <= 1e-5
