"""Quality of synthetic panels, always beside panels that are no good: copies, jitter, shuffles.

A measure on which a copy does best rewards copying; one that does not mind rows in random order
does not see time. Their columns stand beside every number, and so do those of two bootstraps.

What concerns several series at once, and forecasts, is measured in coordinates (`coordinates`), in
which panels are drawn: logs of what is positive. Where it has a value a series, the name says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.synth import cointegration, fidelity, impulse, scores, signature, transfer
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.errors import SynthError
from econdiff.synth.generation import Generator, SyntheticPanels
from econdiff.synth.panel import EntityPanel
from econdiff.synth.resampling import BlockBootstrap, Copy, Jitter, Shuffle
from econdiff.synth.utility import Regression, overlap
from econdiff.synth.var_bootstrap import VARBootstrap
from econdiff.synth.windowed import LONGEST, windows

REFERENCES = {
    "copy": Copy(),
    "jitter": Jitter(),
    "shuffled": Shuffle(),
    "bootstrap": BlockBootstrap(),
    "var bootstrap": VARBootstrap(),
}
PANELS = 5  # of each kind that are measured
SHORTEST = 3  # periods


def quality(
    real: EntityPanel,
    made: SyntheticPanels,
    *,
    rng: np.random.Generator,
    regressions: Sequence[Regression] = (),
    repeats: int = 0,
    rivals: Mapping[str, Generator] | None = None,
) -> pd.DataFrame:
    """A row a measure: `metric, series, real, synthetic, copy, jitter, shuffled, bootstrap, ...`.

    `rivals` are fitted to the real panel and get a column each, after the bootstraps. All are as
    long as `made`, for many facts depend on length, but copies end where the real panel
    does. What cannot be measured on panels so short, or of unlike length (spectra), is NaN.

    `repeats` of the literature's scores are made (none unless told: the two take most of a
    minute a column). Facts have a value for the real panel; distances have none: there 0
    is the same (1 for ratios and overlaps).
    """
    kinds, length = {"synthetic": made.values}, len(made.index)
    if length < SHORTEST:
        raise SynthError(f"{length} periods cannot be measured; {SHORTEST} or more can")
    for name, reference in {**REFERENCES, **(rivals or {})}.items():
        drawn = reference.fit(real).sample(panels=PANELS, rng=rng, length=length)
        kinds[name] = drawn.values
    columns, band = {"real": _facts(real.values, real)}, _Band.of(real)
    for name, values in kinds.items():
        each = [_measured(real, panel, regressions, band) for panel in values[:PANELS]]
        columns[name] = {key: float(np.mean([one[key] for one in each])) for key in each[0]}
        if repeats:
            columns[name] |= _scores(real.values, values, rng, repeats)
    frame = pd.DataFrame(columns)
    frame = frame.loc[list(columns["synthetic"])]
    frame.index.names = ["metric", "series"]
    return frame.reset_index()


def comparison(
    real: EntityPanel, made: SyntheticPanels, regressions: Sequence[Regression]
) -> pd.DataFrame:
    """The regressions on the real and the synthetic panels, a row a term."""
    tables = [regression.compare(real, made) for regression in regressions]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def worse_than_bootstrap(table: pd.DataFrame) -> pd.DataFrame:
    """Rows in which a bootstrap comes clearly nearer to the real panel than the synthetic one."""
    target = table["real"].fillna(table["metric"].map(_ideal))
    size = np.maximum(target.abs(), 0.05)
    gap = (table["synthetic"] - target).abs()
    best = pd.concat(
        [(table[name] - target).abs() for name in ("bootstrap", "var bootstrap")], axis=1
    ).min(axis=1)
    lost = (gap > best + 0.1 * size) & (gap > 0.1 * size)
    return table.loc[lost]


def _ideal(metric: str) -> float:
    return 1.0 if "ratio" in metric or "overlap" in metric or "coverage" in metric else 0.0


def _facts(values: np.ndarray, panel: EntityPanel) -> dict[tuple[str, str], float]:
    schema = panel.schema
    found = fidelity.facts(values, schema.series)
    coordinates = Coordinates(schema)
    found |= fidelity.dynamics(coordinates.inward(values), coordinates.labels)
    found["cointegration rank", "all"] = cointegration.rank(coordinates.inward(values))
    for name, share in coordinates.outside(values).items():
        found["share of cells outside their rule", name] = share
    for identity in schema.identities:
        residual = float(np.nanmax(np.abs(identity.residual(values, schema.series))))
        deviation = identity.deviation(values, schema.series)
        found["identity, largest miss (deviations)", str(identity)] = residual / deviation
    return found


def _measured(
    real: EntityPanel, values: np.ndarray, regressions: Sequence[Regression], band: "_Band"
) -> dict[tuple[str, str], float]:
    schema = real.schema
    found = _facts(values, real) | fidelity.distances(real.values, values, schema.series)
    coordinates = Coordinates(schema)
    w, v = coordinates.inward(real.values), coordinates.inward(values)
    size = np.nanstd(w, axis=(0, 1))
    found["coverage of real rows", "all"] = fidelity.coverage(_rows(w / size), _rows(v / size))
    found["signature distance (deviations)", "all"] = signature.distance(w, v)
    found["cointegration, angle of relations (degrees)", "all"] = cointegration.angle(w, v)
    found["impulse responses inside the real band, ratio", "all"] = band.share(v)
    cut = 3 * w.shape[1] // 4
    ratios = transfer.ratio(w, v[None, :, :cut], cut)
    for name, ratio in zip(coordinates.labels, ratios, strict=True):
        found["CRPS ratio, trained on synthetic to trained on real", name] = float(ratio)
    for regression in regressions:
        b, error = regression.estimate(real.values, schema.series)
        c, other = regression.estimate(values, schema.series)
        shares = overlap(b, error, c, other)
        found["overlap of confidence intervals, mean", str(regression)] = float(shares.mean())
    return found


@dataclass(frozen=True, eq=False)
class _Band:
    """The band of the real panel's impulse responses, drawn once."""

    ends: tuple[np.ndarray, np.ndarray] | None  # None: series add up and were not said to
    lags: int
    horizon: int

    @classmethod
    def of(cls, real: EntityPanel) -> "_Band":
        w = Coordinates(real.schema).inward(real.values)
        lags, horizon = 2 if w.shape[1] > 30 else 1, min(12, w.shape[1] // 3)
        try:
            ends = impulse.band(w, lags, horizon, np.random.default_rng(0), draws=60)
        except np.linalg.LinAlgError:
            ends = None
        return cls(ends, lags, horizon)

    def share(self, w: np.ndarray) -> float:
        """Share of steps, shocks and series at which responses of `w` lie inside."""
        if self.ends is None:
            return float("nan")
        try:
            return impulse.share_between(self.ends, w[None], self.lags, self.horizon)
        except np.linalg.LinAlgError:
            return float("nan")


def _scores(
    real: np.ndarray, made: np.ndarray, rng: np.random.Generator, repeats: int
) -> dict[tuple[str, str], float]:
    """Mean and deviation over repeats of the two scores; 0 and the copy's are the yardsticks."""
    low, high = np.nanmin(real, axis=(0, 1)), np.nanmax(real, axis=(0, 1))
    width = min(LONGEST, real.shape[1] // 2, made.shape[2] // 2)
    flat = made.reshape(-1, *made.shape[2:])
    true, drawn = (windows((x - low) / (high - low), width) for x in (real, flat))
    found = {}
    for score in (scores.discriminative, scores.predictive):
        each = score(true, drawn, rng, repeats=repeats)
        found[f"{score.__name__} score", "all"] = float(np.mean(each))
        found[f"{score.__name__} score, deviation", "all"] = float(np.std(each))
    return found


def _rows(w: np.ndarray) -> np.ndarray:
    rows = w.reshape(-1, w.shape[-1])
    return rows[np.isfinite(rows).all(axis=-1)]
