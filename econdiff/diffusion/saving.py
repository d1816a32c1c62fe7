"""A fitted model on disk: weights as safetensors, all else as JSON; never pickle.

    save(forecaster, "my-model")            # a folder, written whole or not at all
    forecaster = load("my-model")

Numbers come back to the last bit, and what was changed or cut short is refused.
"""

import json
import os
import tempfile
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from econdiff.anchor import Anchor, Coefficients
from econdiff.diffusion.device import chosen
from econdiff.diffusion.model import Diffusion, FittedDiffusion
from econdiff.diffusion.weights import WeightsError, fingerprint, load_weights, save_weights

FORMAT = 9
SETTINGS = ("turns", "window", "spread", "strength", "recentre")  # the device is the machine's
ARRAYS = (
    *("centre", "spread", "b", "deviation", "leverage", "level_effect"),
    *("correlation", "still", "others"),
)


def save(forecaster: FittedDiffusion, folder: str | Path) -> None:
    """Write a fitted model into a new `folder`; raises `FileExistsError` if it is there."""
    if not isinstance(forecaster, FittedDiffusion):
        if isinstance(getattr(forecaster, "inner", None), FittedDiffusion):
            raise TypeError(
                f"a {type(forecaster).__name__} cannot be saved, but the model in it can: "
                "save(forecaster.inner, folder); then "
                "TransformedForecaster(load(folder), forecaster.transforms) draws the same"
            )
        raise TypeError(
            f"a {type(forecaster).__name__} cannot be saved; fit it again, which takes a second, "
            "or fit the series directly: Diffusion(wide=None)"
        )
    folder = Path(folder)
    if folder.exists():
        raise FileExistsError(f"{folder} is there already; name another folder or remove it")
    settings = forecaster.settings
    content: dict[str, Any] = {
        "format": FORMAT,
        "names": list(forecaster.names),
        **{name: getattr(settings, name) for name in SETTINGS},
        "anchor": asdict(forecaster.coefficients.settings),  # as the panel said
        "coefficients": {
            name: array.tolist()
            for name in ARRAYS
            if (array := getattr(forecaster.coefficients, name)) is not None
        },
        "weights_sha256": fingerprint(forecaster.network.state_dict()),
        "training": forecaster.training,
    }
    content["sha256"] = _hash(content)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        draft = Path(place) / folder.name
        draft.mkdir()
        save_weights(forecaster.network, draft / "weights.safetensors")
        (draft / "model.json").write_text(json.dumps(content, indent=1) + "\n")
        os.replace(draft, folder)


def load(folder: str | Path) -> FittedDiffusion:
    """Read a fitted model; raises `WeightsError` where it is damaged or of another format."""
    folder = Path(folder)
    try:
        content = json.loads((folder / "model.json").read_text())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise WeightsError(f"no model in {folder}; a saved one has model.json") from error
    except ValueError as error:
        raise WeightsError(f"{folder / 'model.json'} is damaged; save the model again") from error
    version = content.get("format") if isinstance(content, dict) else None
    if version != FORMAT:
        raise WeightsError(
            f"{folder} has format {version}, this reads {FORMAT}; fit the model again"
        )
    if content.pop("sha256", None) != _hash(content):
        raise WeightsError(f"{folder / 'model.json'} does not match its hash; save the model again")
    network = load_weights(folder / "weights.safetensors")
    if fingerprint(network.state_dict()) != content["weights_sha256"]:
        raise WeightsError(f"the weights in {folder} are those of another model")
    said = content["anchor"]
    latest = None if said["latest"] is None else tuple(said["latest"])
    anchor = Anchor(**said | {"cross": tuple(said["cross"]), "latest": latest})
    arrays = {name: np.array(values) for name, values in content["coefficients"].items()}
    coefficients = Coefficients(anchor, **arrays)
    settings = Diffusion(
        weights=str(folder / "weights.safetensors"),
        anchor=anchor,
        **{name: content[name] for name in SETTINGS},
    )
    network = network.to(chosen())
    names, training = tuple(content["names"]), content.get("training", "")
    return FittedDiffusion(settings, coefficients, network, names, training)


def _hash(content: dict[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
