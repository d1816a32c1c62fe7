"""How alike the synthetic and the real panel behave, one number a measure and a series.

Every measure is a function of one panel, [entity, time, series] (a fact about it), or of two (a
distance). Facts are computed on both, so that a reader can judge the difference by himself.
Correlations and autocorrelations are taken within entities (means removed).
"""

import numpy as np
from scipy import stats

from econdiff.synth import within

FACTS = 24  # steps up to which autocorrelations count


def facts(values: np.ndarray, series: tuple[str, ...]) -> dict[tuple[str, str], float]:
    """Facts of one panel by (measure, series)."""
    found = {}
    for place, name in enumerate(series):
        found |= {(what, name): value for what, value in _series_facts(values[..., place]).items()}
    inner = _within(values)
    change = np.diff(values, axis=1)
    for a, first in enumerate(series):
        for b, second in enumerate(series[:a]):
            pair = f"{second}, {first}"
            found["correlation", pair] = _correlation(inner[..., b], inner[..., a])
            found["correlation of changes", pair] = _correlation(change[..., b], change[..., a])
            lead = _correlation(change[:, :-1, b], change[:, 1:, a])
            found["correlation of changes, first leads", pair] = lead
            lag = _correlation(change[:, 1:, b], change[:, :-1, a])
            found["correlation of changes, second leads", pair] = lag
    return found


def _series_facts(y: np.ndarray) -> dict[str, float]:
    change, inner = np.diff(y, axis=1), _within(y[..., None])[..., 0]
    clear = change[np.isfinite(change)]
    return {
        "mean": float(np.nanmean(y)),
        "deviation": float(np.nanstd(y)),
        "deviation within entities": float(np.nanstd(inner)),
        "deviation of changes": float(np.std(clear)),
        "skewness of changes": float(stats.skew(clear)),
        "kurtosis of changes": float(stats.kurtosis(clear)),
        "1% tail of changes": float(np.quantile(clear, 0.01)),
        "99% tail of changes": float(np.quantile(clear, 0.99)),
        "autocorrelation": autocorrelation(y, 1),
        "autocorrelation of changes": autocorrelation(change, 1),
        "autocorrelation of squared changes": autocorrelation(change**2, 1),
        "autocorrelation of absolute changes": autocorrelation(np.abs(change), 1),
        "leverage": _correlation(*_demeaned(change[:, :-1], change[:, 1:] ** 2)),
        "between share of variance": _between(y),
        "cross-section dependence": _cross_section(change),
        "low-frequency share of the spectrum": _slow_share(inner),
    }


def distances(
    real: np.ndarray, made: np.ndarray, series: tuple[str, ...]
) -> dict[tuple[str, str], float]:
    """Distances between two panels by (measure, series); 0 is the same."""
    found = {}
    for place, name in enumerate(series):
        x, y = real[..., place], made[..., place]
        for what, a, b in (("levels", x, y), ("changes", np.diff(x), np.diff(y))):
            a, b = a[np.isfinite(a)], b[np.isfinite(b)]
            size = max(float(np.std(a)), 1e-12)
            found[f"Kolmogorov-Smirnov, {what}", name] = float(
                np.asarray(stats.ks_2samp(a, b, method="asymp"))[0]
            )
            distance = stats.wasserstein_distance(a, b) / size
            found[f"Wasserstein, {what} (deviations)", name] = float(distance)
        spectra = [spectrum(_within(v[..., None])[..., 0]) for v in (x, y)]
        found["spectra, log distance", name] = _spectral_gap(*spectra)
        steps = range(1, min(FACTS, x.shape[1] // 3) + 1)
        for what, change in (("levels", lambda v: v), ("absolute changes", _size_of_change)):
            gap = [autocorrelation(change(x), s) - autocorrelation(change(y), s) for s in steps]
            found[f"autocorrelations of {what}, mean gap", name] = float(np.mean(np.abs(gap)))
    return found


def dynamics(values: np.ndarray, series: tuple[str, ...]) -> dict[tuple[str, str], float]:
    """Autoregressive diagonal and shock correlations of a panel VAR(1) within entities."""
    found = within.estimate(values, 1)
    shocks = found.shocks[np.isfinite(found.shocks).all(axis=-1)]
    measured = {("VAR(1) own lag", n): float(found.slopes[i, i]) for i, n in enumerate(series)}
    for a, first in enumerate(series):
        for b, second in enumerate(series[:a]):
            pair = f"{second}, {first}"
            measured["shock correlation", pair] = _correlation(shocks[:, b], shocks[:, a])
    return measured


def coverage(real: np.ndarray, made: np.ndarray, neighbours: int = 5) -> float:
    """Share of real records with a synthetic one nearer than their own fifth real neighbour.

    Naeem et al. (2020, eq. 8), "Reliable fidelity and diversity metrics for generative models":
    modes that are never drawn lower it. Records are [row, feature].
    """
    from scipy.spatial import KDTree

    k = min(neighbours, len(real) - 1)
    radius = KDTree(real).query(real, k + 1)[0][:, -1]
    nearest = KDTree(made).query(real, 1)[0]
    return float(np.mean(nearest <= radius))


def autocorrelation(y: np.ndarray, step: int) -> float:
    """Of `y` [entity, time] at one step, over all entities, each about its own mean."""
    inner = _within(y[..., None])[..., 0]
    product = inner[:, step:] * inner[:, :-step]
    known = np.isfinite(product)
    square = np.nanmean(inner**2)
    return float(product[known].mean() / square) if known.any() and square > 0 else np.nan


def _within(y: np.ndarray) -> np.ndarray:
    known = np.isfinite(y)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    return y - np.where(known, y, 0).sum(axis=1, keepdims=True) / count


def _demeaned(*arrays: np.ndarray) -> list[np.ndarray]:
    return [_within(a[..., None])[..., 0] for a in arrays]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 3 or a[known].std() == 0 or b[known].std() == 0:
        return np.nan
    return float(np.corrcoef(a[known], b[known])[0, 1])


def _size_of_change(y: np.ndarray) -> np.ndarray:
    return np.abs(np.diff(y, axis=1))


def _between(y: np.ndarray) -> float:
    inner = _within(y[..., None])[..., 0]
    return float(1 - np.nanvar(inner) / np.nanvar(y))


def _cross_section(change: np.ndarray) -> float:
    """Mean correlation over pairs of entities (Pesaran, 2021, *Empirical Economics* 60).

    Each pair counts as often as both of its entities are known.
    """
    known = np.isfinite(change)
    count = known.sum(axis=0)
    pairs = int((count * (count - 1)).sum())
    if not pairs:
        return np.nan
    z = np.where(known, _within(change[..., None])[..., 0], 0)
    size = np.sqrt((z**2).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    z = z / np.maximum(size, 1e-12)[:, None]
    return float(((z.sum(axis=0) ** 2).sum() - (z**2).sum()) / pairs)


def _slow_share(inner: np.ndarray) -> float:
    """Share of the power at cycles longer than eight periods."""
    power = _power(inner)
    slow = np.fft.rfftfreq(inner.shape[1])[1:] < 1 / 8
    return float(np.clip(power[slow].sum() / power.sum(), 0, 1)) if power.sum() > 0 else np.nan


def spectrum(inner: np.ndarray, bands: int = 8) -> np.ndarray:
    """Shares of variance in bands of frequency of [entity, time], means over entities.

    NaN for a band that holes hide: whose estimate is below zero.
    """
    power = _power(inner)
    place = np.arange(len(power)) * min(bands, len(power)) // len(power)
    shares = np.bincount(place, weights=power)
    shares = shares / max(shares.sum(), 1e-300)
    return np.where(shares < -1e-9, np.nan, np.maximum(shares, 0.0))


def _power(inner: np.ndarray) -> np.ndarray:
    """Periodogram [frequency] of [entity, time], means over entities, from pairs that are known.

    It is the transform of the autocovariances; those of cells with holes are means over known pairs
    (Parzen, 1963, *Sankhya A* 25: spectra with missing observations). Without holes it is the usual
    periodogram; with them chance may bring it below zero.
    """
    periods = inner.shape[1]
    known = np.isfinite(inner)
    products, pairs = (
        (np.abs(np.fft.rfft(x, 2 * periods, axis=1)) ** 2).sum(axis=0)
        for x in (np.where(known, inner, 0.0), known.astype(float))
    )
    products, pairs = (np.fft.irfft(x)[:periods] for x in (products, pairs))
    covariance = products / np.maximum(pairs.round(), 1) * (1 - np.arange(periods) / periods)
    circular = covariance + np.append(0.0, covariance[:0:-1])
    return np.fft.rfft(circular).real[1:]


def _spectral_gap(a: np.ndarray, b: np.ndarray) -> float:
    """Root mean square gap of the logs of two spectra; panels of unlike length share bands."""
    if len(a) != len(b):
        return float("nan")
    return float(np.sqrt(np.mean(np.log(np.maximum(a, 1e-12) / np.maximum(b, 1e-12)) ** 2)))
