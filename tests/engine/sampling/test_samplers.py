"""Every sampler against diffusers' scheduler of the same config, with a stand-in for the network."""

import diffusers
import pytest
import torch

from wassily.engine.sampling.denoise import denoise
from wassily.engine.sampling.noise import Noise
from wassily.engine.sampling.samplers import for_sampler, plan_moves
from wassily.engine.sampling.schedule import read_schedule
from wassily.errors import CapabilityError, RequestError

SEEDS = (5, 6)
KANDINSKY_2 = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "linear"}
KANDINSKY_3 = {"beta_schedule": "squaredcos_cap_v2", "timestep_spacing": "leading", "steps_offset": 1}
DDIM_21 = {**KANDINSKY_2, "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
LEARNED = {
    **KANDINSKY_2,
    "variance_type": "learned_range",
    "thresholding": True,
    "sample_max_value": 2.0,
    "clip_sample": False,
}
PRIOR = {
    "variance_type": "fixed_small_log",
    "clip_sample": True,
    "clip_sample_range": 10.0,
    "prediction_type": "sample",
}
V_PREDICTION = {**KANDINSKY_3, "prediction_type": "v_prediction", "clip_sample": False}
PUBLISHED = [
    pytest.param("DDIMScheduler", DDIM_21, "ddim", id="2.1"),
    pytest.param("DDPMScheduler", LEARNED, "ddpm", id="2.1-learned-variance"),
    pytest.param("DDPMScheduler", {**KANDINSKY_2, "clip_sample": True}, "ddpm", id="2.2"),
    pytest.param("DDPMScheduler", {**KANDINSKY_3, "clip_sample": True}, "ddpm", id="3"),
    pytest.param("DDPMScheduler", V_PREDICTION, "ddpm", id="v-prediction"),
    pytest.param("DDPMScheduler", {**KANDINSKY_2, "variance_type": "fixed_large"}, "ddpm", id="fixed-large"),
    pytest.param("DDPMScheduler", {**KANDINSKY_2, "timestep_spacing": "trailing"}, "ddpm", id="trailing"),
    pytest.param("UnCLIPScheduler", PRIOR, "unclip", id="prior"),
]
SWAPPED = [
    pytest.param(config, name, swapped, options, id=f"{name}-{index}")
    for index, config in enumerate((KANDINSKY_2, DDIM_21, KANDINSKY_3, V_PREDICTION))
    for name, swapped, options in (
        ("ddim", "DDIMScheduler", {}),
        ("dpm++2m", "DPMSolverMultistepScheduler", {}),
        ("dpm++2m-karras", "DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    )
    if not (name == "dpm++2m-karras" and "squaredcos_cap_v2" in config.values())
]


def predict(x, t):
    return torch.tanh(x * 0.7 + 0.01 * t) * 0.9


def predict_with_variance(x, t):
    return torch.cat([predict(x, t), torch.sin(3 * x)], dim=1)


def draw_ours(config, sampler, steps, network):
    schedule = for_sampler(read_schedule(config), sampler, inpaint=False)
    noise = Noise(SEEDS, device=torch.device("cpu"))
    moves = plan_moves(schedule, sampler, steps)
    return list(denoise(network, noise.draw((4, 8, 8)), moves, schedule=schedule, noise=noise))[-1].x


def draw_theirs(scheduler, steps, network):
    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    x = torch.cat([torch.randn(1, 4, 8, 8, generator=generator) for generator in generators])
    scheduler.set_timesteps(steps)
    takes_noise = isinstance(scheduler, diffusers.DDPMScheduler | diffusers.UnCLIPScheduler)
    for index, t in enumerate(scheduler.timesteps):
        options = {"generator": generators} if takes_noise else {}
        if isinstance(scheduler, diffusers.UnCLIPScheduler):
            options["prev_timestep"] = scheduler.timesteps[index + 1] if index + 1 < steps else None
        x = scheduler.step(network(x, int(t)), t, x, **options).prev_sample
    return x


@pytest.mark.parametrize("steps", [1, 2, 7, 25, 50, 333])
@pytest.mark.parametrize(("name", "config", "sampler"), PUBLISHED)
def test_published_schedulers(name, config, sampler, steps):
    if name == "UnCLIPScheduler" and steps == 1:
        pytest.skip("diffusers divides by zero here; test_one_step_of_the_prior pins ours")
    network = predict_with_variance if config.get("variance_type") == "learned_range" else predict
    theirs = draw_theirs(getattr(diffusers, name)(**config), steps, network)
    ours = draw_ours({"_class_name": name, **config}, sampler, steps, network)
    assert (ours - theirs).abs().max() <= 1e-6  # float32 rounding of the last step's 1e-10 of noise


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers' solver
@pytest.mark.parametrize("steps", [1, 2, 7, 25, 50])
@pytest.mark.parametrize(("config", "sampler", "swapped", "options"), SWAPPED)
def test_swapped_schedulers(config, sampler, swapped, options, steps):
    if sampler == "dpm++2m-karras" and steps == 1:
        pytest.skip("one Karras level is the same step as dpm++2m, and diffusers indexes past its table")
    published = diffusers.DDIMScheduler if "set_alpha_to_one" in config else diffusers.DDPMScheduler
    scheduler = getattr(diffusers, swapped).from_config(published(**config).config, **options)
    theirs = draw_theirs(scheduler, steps, predict)
    ours = draw_ours({"_class_name": published.__name__, **config}, sampler, steps, predict)
    # Without clamping, x0 = (x - sigma eps) / alpha grows to 1e4 at the noisiest cosine level.
    assert (ours - theirs).abs().max() <= 2e-6 * max(theirs.abs().max().item(), 1)


def test_flash_steps_are_those_of_lcm():
    """Flash's levels with the consistency sampler; LCM's boundary terms differ from 1 by 1e-8 there."""
    scheduler = diffusers.LCMScheduler(**{**KANDINSKY_3, "set_alpha_to_one": True})
    generators = [torch.Generator().manual_seed(seed) for seed in SEEDS]
    x = torch.cat([torch.randn(1, 4, 8, 8, generator=generator) for generator in generators])
    scheduler.set_timesteps(timesteps=[979, 729, 479, 229])
    for t in scheduler.timesteps:
        noisy = predict(x, int(t))
        x = scheduler.step(noisy, t, x, generator=generators).prev_sample
    ours = draw_ours({"_class_name": "DDPMScheduler", **KANDINSKY_3}, "lcm", 4, predict)
    assert (ours - x).abs().max() <= 1e-5 * x.abs().max()


def test_one_step_of_the_prior_is_its_prediction():
    ours = draw_ours({"_class_name": "UnCLIPScheduler", **PRIOR}, "unclip", 1, predict)
    noise = Noise(SEEDS, device=torch.device("cpu")).draw((4, 8, 8))
    assert torch.allclose(ours, predict(noise, 999), atol=1e-6)


def test_original_loop_follows_its_own_formulas():
    """Kandinsky 3's loop (ai-forever/Kandinsky-3, model/diffusion.py), written out once more in float64."""
    config = {"_class_name": "DDPMScheduler", **KANDINSKY_3}
    steps = 10
    bar = read_schedule(config).alpha_bar.double()
    noise = Noise(SEEDS, device=torch.device("cpu"))
    x = noise.draw((4, 8, 8)).double()
    times = list(range(999, 0, -100))
    for t, after in zip(times, [*times[1:], 0], strict=True):
        x0 = (x - (1 - bar[t]).sqrt() * predict(x, t)) / bar[t].sqrt()
        bound = torch.quantile(x0.reshape(2, -1).abs(), 0.99, dim=1).clamp(min=1).reshape(2, 1, 1, 1)
        x0 = x0.clamp(-bound, bound) / bound
        eps = (x - bar[t].sqrt() * x0) / (1 - bar[t]).sqrt()
        spread = ((1 - bar[t] / bar[after]) * (1 - bar[after]) / (1 - bar[t])).sqrt()
        x = bar[after].sqrt() * x0 + (1 - bar[after] - spread**2).clamp(min=0).sqrt() * eps
        if after:
            x = x + spread * noise.draw((4, 8, 8)).double()
    ours = draw_ours(config, "original", steps, predict)
    assert (ours - x).abs().max() <= 1e-4  # float32 against float64 over ten steps


def test_karras_levels_are_refused_where_the_schedule_ends_in_noise():
    schedule = read_schedule({"_class_name": "DDPMScheduler", **KANDINSKY_3})
    with pytest.raises(CapabilityError, match="no Karras"):
        plan_moves(schedule, "dpm++2m-karras", 10)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm++2m", "unclip"])
def test_more_steps_than_noise_levels_are_refused(sampler):
    schedule = read_schedule({"_class_name": "DDPMScheduler", **KANDINSKY_2})
    with pytest.raises(RequestError, match="1001 steps are too many"):
        plan_moves(schedule, sampler, 1001)


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm++2m", "lcm", "original", "unclip"])
@pytest.mark.parametrize("steps", [1, 3, 30, 600, 1000])
def test_any_number_of_steps_walks_down_to_the_picture(sampler, steps):
    config = PRIOR if sampler == "unclip" else KANDINSKY_3
    name = "UnCLIPScheduler" if sampler == "unclip" else "DDPMScheduler"
    schedule = read_schedule({"_class_name": name, **config})
    moves = plan_moves(schedule, sampler, steps)
    times = [move.levels.t for move in moves]
    assert len(times) == steps
    assert times == sorted(times, reverse=True)
    assert times[-1] >= 0
    assert times[0] - times[-1] >= 0.6 * 999 * (steps - 1) / steps
    assert float(moves[-1].levels.alpha_next) >= 0.999
    assert moves[-1].noise_scale is None
