"""Weights on disk: one safetensors file, its settings and hash in the header; never pickle."""

import os
from dataclasses import asdict
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from econdiff.diffusion.network import Network, Size

FORMAT = 6


class WeightsError(ValueError):
    """A weights file that cannot be used; the message says why and what to do."""


def shipped() -> Path:
    """Where the pretrained weights of this version lie."""
    return Path(str(files("econdiff") / "pretrain" / "weights.safetensors"))


def save_weights(network: Network, path: Path) -> str:
    """Write the weights and return their hash; the file appears whole or not at all."""
    tensors = {k: v.detach().contiguous().cpu() for k, v in network.state_dict().items()}
    header = {f"size.{k}": str(v) for k, v in asdict(network.size).items()}
    digest = fingerprint(tensors)
    header |= {"format": str(FORMAT), "sha256": digest}
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(save(tensors, metadata=header))  # `save_file` makes it ours alone to read
    os.replace(temporary, path)
    return digest


def load_weights(path: str | Path) -> Network:
    """Read a network; "shipped" names the pretrained one. Raises `WeightsError`."""
    file = shipped() if path == "shipped" else Path(path)
    if file.is_dir():
        raise WeightsError(
            f"{file.name} is a folder; name the .safetensors file in it (a model that was saved is "
            "read by econdiff.diffusion.saving.load)"
        )
    if not file.exists():
        raise WeightsError(
            f"no weights at {file.name}; train them with python -m econdiff.pretrain"
        )
    try:
        with safe_open(file, framework="pt") as opened:
            header = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise WeightsError(f"{file.name} is damaged ({error}); get or train it again") from error
    if header.get("format") != str(FORMAT):
        raise WeightsError(
            f"{file.name} has format {header.get('format', 'none')}, this version reads {FORMAT}; "
            "use the shipped weights, or train anew with python -m econdiff.pretrain"
        )
    if header.get("sha256") != fingerprint(tensors):
        raise WeightsError(f"{file.name} does not match its hash; get or train it again")
    size = Size(**{k: int(header[f"size.{k}"]) for k in asdict(Size())})
    network = Network(size)
    network.load_state_dict(tensors)
    return network.eval().requires_grad_(False)


def fingerprint(tensors: dict[str, torch.Tensor]) -> str:
    """SHA-256 over names, shapes and bytes."""
    found = sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        found.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        found.update(tensor.cpu().numpy().tobytes())
    return found.hexdigest()
