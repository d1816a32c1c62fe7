"""Density forecasts from past origins: what the commands of this folder have in common.

A command makes panels and origins; here are its arguments, the models by name, and the page
that it prints. Trials are kept in `--out`, each named by all that it depends on (data, settings,
the code of its own model, the weights), so a second run with other weights draws the diffusion
rows again and reads the others.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from econdiff.backtest import Trial, compare, losses, runs, scores
from econdiff.backtest.fingerprint import code_fingerprint, fingerprint
from econdiff.backtest.verdicts import decided
from econdiff.baselines import BASELINES
from econdiff.forecast import Model
from econdiff.scoring import holm
from econdiff.scoring.comparison import FEWEST

OWN = ("diffusion", "anchor")
CELL = ["series", "step"]


def arguments(
    page: str, *, models: str, paths: int, out: str, every: int = 1
) -> argparse.ArgumentParser:
    """The arguments that all commands share; `page` is the command's docstring."""
    parser = argparse.ArgumentParser(description=page.splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, default=Path("../shared/data"), help="folder of the data files")
    add("--models", default=models, help="names, with commas; ar is the yardstick")
    add("--weights", type=Path, help="a weights file; without it those of the package")
    add("--paths", type=int, default=paths)
    add("--every", type=int, default=every, help="every n-th origin only")
    add("--out", type=Path, default=Path("out") / out, help="where finished trials are kept")
    add("--workers", type=int, default=1)
    return parser


def read_options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse, and hold this process to one thread."""
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if options.weights is not None and not options.weights.is_file():
        parser.error(f"no weights file {options.weights}")
    if options.paths < 2 or options.every < 1:
        parser.error("--paths is at least 2, --every at least 1")
    names = options.models.split(",")
    unknown = [name for name in names if name not in BASELINES and name not in OWN]
    if unknown:
        parser.error(f"no model is called {unknown[0]}; there are {', '.join([*OWN, *BASELINES])}")
    if "ar" not in names and "diffusion" not in names:
        parser.error("name ar or diffusion among the models, or there is nothing to compare with")
    options.models = names
    return options


def models(names: Sequence[str], weights: Path | None = None) -> dict[str, Model]:
    """By name: the diffusion model, its anchor, and the registry of baselines."""
    return {name: _own(name, weights) if name in OWN else BASELINES[name]() for name in names}


def _own(name: str, weights: Path | None) -> Model:
    import torch  # seconds, which a run of baselines need not spend

    from econdiff.diffusion.model import Diffusion
    from econdiff.diffusion.network import untrained
    from econdiff.diffusion.weights import fingerprint as fingerprint_of
    from econdiff.diffusion.weights import save_weights

    torch.set_num_threads(1)
    if name == "diffusion":
        return Diffusion(weights=weights or "shipped")
    network = untrained(seed=0)
    name = f"econdiff-untrained-{fingerprint_of(network.state_dict())[:16]}.safetensors"
    nothing_learned = Path(tempfile.gettempdir()) / name
    if not nothing_learned.is_file():  # two files of one network differ in their bytes
        save_weights(network, nothing_learned)
    return Diffusion(weights=nothing_learned)


def origins(panel: pd.DataFrame, since: str, until: str, every: int) -> list[int]:
    """Rows whose next period lies in the periods `since` to `until`."""
    labels = panel.index.astype(str)
    first = max(int(np.searchsorted(labels, since)) - 1, 0)
    last = int(np.searchsorted(labels, until, side="right")) - 2
    return list(range(first, min(last, len(panel) - 2) + 1, every))


def kept_frame(
    folder: Path, name: str, depends_on: Sequence[object], make: Callable[[], pd.DataFrame]
) -> pd.DataFrame:
    """The table that `make` gives, kept in `folder` under all that it depends on."""
    file = folder / f"{name}-{fingerprint(code_fingerprint(), name, list(depends_on))[:24]}.parquet"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        made, partial = make(), file.with_name(f".{file.name}.partial")
        made.to_parquet(partial)
        partial.replace(file)
    return pd.read_parquet(file)


def without_failures(trials: Sequence[Trial]) -> list[Trial]:
    """The origins at which every model forecast, so that all means are over the same origins.

    Says which models failed, how often and how first.
    """
    table = runs(trials)
    for row in table[table.failed > 0].itertuples():
        print(f"FAILED: {row.model} at {row.failed} of {row.origins} origins, first {row.error}")
    failed = {trial.row for trial in trials if trial.error}
    if failed:
        print(f"these {len(failed)} origins are left out for all models")
    return [trial for trial in trials if trial.row not in failed]


def page(trials: Sequence[Trial], steps: Sequence[int], *, own: str = "diffusion") -> None:
    """Everything that the protocol asks of one stretch of targets, losing cells first."""
    if not any(np.isfinite(trial.outcome).any() for trial in trials):
        print("no origin has a target here")
        return
    tidy, crps = scores(trials), losses(trials)
    report(tidy[tidy.step.isin(steps)], crps[crps.step.isin(steps)], own=own)
    joint(tidy)


def report(tidy: pd.DataFrame, crps: pd.DataFrame, *, own: str = "diffusion") -> None:
    """The cells of `tidy` scores and of `crps` losses by origin; lower is better throughout."""
    table = pivot(tidy, "crps").dropna(how="all")
    own = own if own in table else "ar"
    rivals = [name for name in table if name not in OWN]
    best = table[rivals].min(axis=1)
    print(summary(table, rivals).to_string(float_format="{:.3f}".format))
    if own != "ar" and rivals:
        against = verdicts(crps, own, table[rivals].idxmin(axis=1))
        lost = (table[own] / best).sort_values(ascending=False).loc[lambda ratio: ratio > 1]
        print(f"\ncells that {own} loses to the best baseline: {len(lost)} of {len(table)}")
        print(against.loc[lost.index].to_string() if len(lost) else "none")
        print(f"\ncells that {own} wins against the best baseline")
        print(against.drop(lost.index).to_string())
    print("\nCRPS")
    print(table.assign(best=table[rivals].idxmin(axis=1) if rivals else "").round(4).to_string())
    calibration(tidy, [name for name in (*OWN, "ar") if name in table])
    if own != "ar" and "ar" in table:
        against_ar(crps, own)


def pivot(tidy: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One metric, [cell x model], in the order in which series and models come."""
    rows = tidy[tidy.metric == metric]
    wide = rows.pivot(index=CELL, columns="model", values="value")
    order = pd.MultiIndex.from_frame(rows[CELL].drop_duplicates())
    return wide.reindex(index=order, columns=list(dict.fromkeys(rows.model)))


def summary(table: pd.DataFrame, rivals: Sequence[str]) -> pd.DataFrame:
    """Geometric means over cells, of AR and of the best rival of each cell; the worst cell."""
    best = table[list(rivals)].min(axis=1)
    rows = {}
    for name, values in table.items():
        row = {"of AR": geometric(values / table["ar"])} if "ar" in table else {}
        to_best = values / best
        rows[name] = row | {"of best": geometric(to_best), "worst cell": to_best.max()}
    return pd.DataFrame(rows).T


def geometric(ratios: pd.Series) -> float:
    """Geometric mean of what is known."""
    return float(np.exp(np.log(ratios).mean()))


def verdicts(crps: pd.DataFrame, own: str, best: pd.Series) -> pd.DataFrame:
    """`own` against the best rival of each cell, which is chosen after the fact.

    [cell x ratio, 90% interval, DM-HLN p, Holm over all cells, model confidence set].
    """
    rows = []
    for (series, step), rival in best.items():
        here = crps[(crps.series == series) & (crps.step == step)]
        found = compare(here, rival, rng=np.random.default_rng(0))
        rows.append(found[found.model == own].iloc[0])
    table = pd.DataFrame(rows).infer_objects().set_index(CELL)
    return _tested(table).rename(columns={"reference": "best baseline"})


def against_ar(crps: pd.DataFrame, own: str) -> None:
    """Diebold-Mariano against AR, and how many cells are better and worse."""
    found = compare(crps, "ar", rng=np.random.default_rng(0))
    found = _tested(found[found.model == own].set_index(CELL))
    print(f"\n{own} against AR: {found.verdict.value_counts().to_dict()}")
    print(found.drop(columns="reference").to_string())


def _tested(found: pd.DataFrame) -> pd.DataFrame:
    tested = found.p_value.where(found.origins >= FEWEST)
    found = found.assign(p_holm=holm(tested.to_numpy()))
    found = found.assign(verdict=decided(found))
    columns = ["reference", "ratio", "low", "high", "p_value", "p_holm", "in_mcs", "verdict"]
    return found[columns].round(3)


def calibration(tidy: pd.DataFrame, names: Sequence[str]) -> None:
    """Share of outcomes in the central bands, and p of the test that PITs are uniform."""
    metrics = ["coverage50", "coverage80", "coverage90", "pit_p"]
    shown = tidy[tidy.metric.isin(metrics) & tidy.model.isin(names)]
    table = shown.pivot(index=CELL, columns=["model", "metric"], values="value")
    order = pd.MultiIndex.from_frame(shown[CELL].drop_duplicates())
    columns = pd.MultiIndex.from_product([names, metrics])
    print("\ncoverage of the central bands, and p of uniform PITs")
    print(table.reindex(index=order, columns=columns).round(2).to_string())


def joint(tidy: pd.DataFrame) -> None:
    """Scores of whole paths, and of the tails (mean over the steps, relative to AR)."""
    rows = tidy[tidy.metric == "energy_path"]
    table = rows.pivot_table(index="model", columns="metric", values="value", sort=False)
    for metric in ("crps_left", "crps_right"):
        tails = pivot(tidy, metric)
        if "ar" in tails:
            table[f"{metric} of AR"] = tails.div(tails["ar"], axis=0).apply(geometric)
    print("\nenergy of whole paths, and tail-weighted CRPS")
    print(table.round(3).to_string())
