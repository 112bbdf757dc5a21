"""Choosing the device and the number format."""

import pytest
import torch

from wassily.engine.memory.probe import choose_device, choose_dtype
from wassily.errors import MachineError

CPU = torch.device("cpu")


def test_without_a_gpu_auto_is_the_cpu(monkeypatch):
    for kind in (torch.cuda, torch.xpu, torch.backends.mps):
        monkeypatch.setattr(kind, "is_available", lambda: False)
    assert choose_device("auto") == CPU


def test_the_best_device_present_is_chosen(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device("auto").type == "cuda"
    assert choose_device("cuda:1").index == 1
    with pytest.raises(MachineError, match="no device 'cuda:2'"):
        choose_device("cuda:2")


@pytest.mark.parametrize("name", ["tpu", "gpu please", "cuda"])
def test_a_device_that_is_not_here_is_refused(name, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(MachineError, match="there is no device"):
        choose_device(name)


def test_auto_takes_32_bits_where_they_fit():
    assert choose_dtype("auto", device=CPU, weights_bytes=10**6) == torch.float32
    assert choose_dtype("auto", device=CPU, weights_bytes=10**15) == torch.bfloat16
    assert choose_dtype("auto", device=torch.device("cuda"), weights_bytes=1) == torch.float16
    assert choose_dtype("bfloat16", device=CPU, weights_bytes=1) == torch.bfloat16


def test_an_unknown_number_format_is_refused():
    with pytest.raises(MachineError, match="unknown number format 'fp8'"):
        choose_dtype("fp8", device=CPU, weights_bytes=1)
