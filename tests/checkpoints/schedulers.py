"""The scheduler and picture settings of the published checkpoints."""

from typing import Any

_LINEAR: dict[str, Any] = {
    "_diffusers_version": "0.17.0",
    "num_train_timesteps": 1000,
    "beta_schedule": "linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "trained_betas": None,
    "prediction_type": "epsilon",
    "clip_sample_range": 1.0,
    "dynamic_thresholding_ratio": 0.995,
}

DDIM_21 = _LINEAR | {
    "_class_name": "DDIMScheduler",
    "clip_sample": False,
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "thresholding": False,
}

DDPM_21 = _LINEAR | {
    "_class_name": "DDPMScheduler",
    "clip_sample": False,
    "sample_max_value": 2.0,
    "thresholding": True,
    "variance_type": "learned_range",
}

DDPM_22 = _LINEAR | {
    "_class_name": "DDPMScheduler",
    "clip_sample": True,
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "thresholding": False,
    "variance_type": "fixed_small",
}

DDPM_3: dict[str, Any] = {
    "_class_name": "DDPMScheduler",
    "_diffusers_version": "0.24.0",
    "num_train_timesteps": 1000,
    "beta_schedule": "squaredcos_cap_v2",
    "beta_start": 0.0001,
    "beta_end": 0.02,
    "trained_betas": None,
    "prediction_type": "epsilon",
    "clip_sample": True,
    "clip_sample_range": 1.0,
    "dynamic_thresholding_ratio": 0.995,
    "sample_max_value": 1.0,
    "steps_offset": 1,
    "thresholding": False,
    "timestep_spacing": "leading",
    "variance_type": "fixed_small",
}

UNCLIP: dict[str, Any] = {
    "_class_name": "UnCLIPScheduler",
    "_diffusers_version": "0.17.0",
    "clip_sample": True,
    "clip_sample_range": 10.0,
    "num_train_timesteps": 1000,
    "prediction_type": "sample",
    "variance_type": "fixed_small_log",
}

CLIP_PICTURES: dict[str, Any] = {
    "image_processor_type": "CLIPImageProcessor",
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 224},
}
