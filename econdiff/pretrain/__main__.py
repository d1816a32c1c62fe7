"""python -m econdiff.pretrain: train, print the losses as they fall, and write the weights."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import torch

from econdiff.diffusion.device import chosen
from econdiff.pretrain.run import Pretraining, checkpoint, run, ship


def main() -> None:
    """Exit code 2, before any work, where the options will not do; 1 where the disk will not."""
    parser = _parser()
    options = parser.parse_args()
    if options.steps < 1 or options.workers < 1 or options.seed < 0:
        parser.error("--steps and --workers are at least 1, --seed at least 0")
    into = options.out or options.folder / "weights.safetensors"
    if into.suffix != ".safetensors" or into.is_dir():
        parser.error(f"--out names a .safetensors file, its card goes beside it; got {into}")
    torch.set_num_threads(1)
    settings = Pretraining(steps=options.steps, seed=options.seed)
    try:
        device = chosen(options.device)
        checkpoint(settings, options.folder)
        for folder in (options.folder, into.parent):
            _writable(folder)
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"nothing can be written there ({error}); name another folder")
    try:
        _train(settings, options.folder, device, options.workers)
        print("calibration on fresh economies: a minute or two", flush=True)
        print(json.dumps(ship(options.folder, into, device=device), indent=2))
    except OSError as error:
        sys.exit(f"{parser.prog}: error: {error}; say the same again to go on from the checkpoint")
    print(f"to forecast with them: Diffusion(weights={str(into)!r})")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m econdiff.pretrain",
        description="Train on simulated economies.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--steps", type=int, default=Pretraining.steps)
    parser.add_argument("--folder", type=Path, default=Path("out/pretrain"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="weights file; FOLDER/weights.safetensors")
    parser.add_argument("--device", help="cpu, cuda or mps; the best there is if not said")
    parser.add_argument("--workers", type=int, default=1, help="processes that simulate")
    return parser


def _writable(folder: Path) -> None:
    """OSError unless a file can be made in `folder`, which is made too."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def _train(settings: Pretraining, folder: Path, device: torch.device, workers: int) -> None:
    """Run, and print the mean losses of each hundred steps, and of what is left after them."""
    start, seen = time.monotonic(), []
    for k, found in run(settings, folder, device=device, workers=workers):
        seen.append(torch.stack([found.denoise, found.anchor, found.recentre]))
        if (k + 1) % 100 == 0 or k + 1 == settings.steps:
            d, a, r = torch.stack(seen).mean(dim=0).tolist()
            print(
                f"{k + 1:6d} {time.monotonic() - start:7.0f} s  "
                f"denoise {d:.4f} (anchor alone {a:.4f})  recentre {r:.4f}",
                flush=True,
            )
            seen = []


if __name__ == "__main__":
    main()
