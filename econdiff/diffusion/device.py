"""Where the network runs: a CUDA card, an Apple GPU (MPS), or the CPU.

Only the network's own arithmetic goes there. Noise is drawn by a generator of the CPU, and
samplers, guidance and likelihoods stay where their arrays are, in whatever precision they
need; so one `rng` gives the same noise on every machine, and what a device can change is the
rounding of the network.
"""

import torch


def chosen(device: str | None = None) -> torch.device:
    """The device of that name ("cpu", "cuda", "cuda:1", "mps"), or without one the best there is.

    ValueError where torch does not know it, or does not find it on this machine.
    """
    present = _present()
    if device is None:
        return torch.device(present[-1])
    try:
        named = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"torch knows no device {device!r}; here are {present}") from error
    count = torch.cuda.device_count() if named.type == "cuda" else 1
    if named.type not in present or (named.index or 0) >= count:
        raise ValueError(
            f"there is no {device!r} that torch can use; here are {present}. "
            "Leave the device out to take the best of them"
        )
    return named


def halved(device: torch.device) -> bool:
    """Whether it multiplies matrices in bfloat16 by itself; elsewhere that is many times slower."""
    if device.type == "cpu":
        return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def _present() -> list[str]:
    """The kinds of device on this machine, the best last."""
    found = ["cpu"]
    if torch.backends.mps.is_available():
        found.append("mps")
    if torch.cuda.is_available():
        found.append("cuda")
    return found
