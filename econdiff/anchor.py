"""The anchor: the econometrician's own model, as an invertible map to white noise.

Each series follows a shrinkage autoregression whose shocks have a filtered volatility
and are correlated across series:

    x_t = c + b_1 x_{t-1} + ... + b_p x_{t-p} + s e_t,    e_t ~ N(0, R),
    x = (y - centre) / spread

`whiten` takes a future `y` to innovations `z`, which are N(0, I) if this model is the whole
truth; `color` takes them back. Both are affine in their argument, and the log-determinant
is known, so a density of `z` is a density of `y`.

- b: ridge regression towards an AR(1) at the sample's first autocorrelation, tighter at longer
  lags (the harmonic decay of Litterman, 1986), with one step of Huber (1964) weights and
  winsorised regressors so that a pandemic does not decide it; contracted so that no root is
  explosive. The tightness was chosen on US quarterly data of 1970 to 1984.
- s: exponentially weighted variance of the innovations (RiskMetrics, 1996), each square
  winsorised against the variance before it, mixed with the variance of the whole sample.
- R: correlation of the volatility-filtered innovations, shrunk towards the identity; its
  symmetric root keeps the order of the series without meaning.

Missing cells: the regression uses the rows that are complete, and the filter puts its own
prediction in the place of a cell that it does not see.

Arrays are [..., series, time]: filters run along the last axis, and everything before the
last two axes is a batch (of economies, of origins, of paths).
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from econdiff.spillover import spillover

OUTLIER = 5.0  # a shock beyond this many deviations counts as this many when variances are updated
DECAYS = (0.80, 0.94, 0.985, 0.996)  # of running variances: 5, 17, 67, 250 periods of memory
MAIN = 1  # the one that the filter goes by


@dataclass(frozen=True)
class Anchor:
    """Settings of the anchor.

    `lags` of the autoregression, `tightness` of its shrinkage (smaller is tighter), `mixture`
    the weight of the filtered variance against that of the whole sample, `pull` the number of
    pseudo-observations with which the correlation is drawn towards zero. `cross` is the tightness
    of what each series owes to the others' past (`spillover`), 0 for nothing, and `steadiness` how
    far the sum of it over the lags may be from 0.
    """

    lags: int = 4
    tightness: float = 0.8
    mixture: float = 0.9
    pull: float = 8.0
    cross: float = 0.0
    steadiness: float = 0.12

    def fit(self, panel: pd.DataFrame) -> "Coefficients":
        """Estimate from the rows of `panel` [time x series]."""
        return self.estimate(panel.to_numpy(float).T)

    def estimate(self, y: np.ndarray) -> "Coefficients":
        """Estimate from `y` [..., series, time], NaN where not known."""
        p = self.lags
        centre, spread = _location_scale(y)
        x = (y - centre[..., None]) / spread[..., None]
        rows = np.clip(lagged(x, p), -OUTLIER, OUTLIER)  # [..., series, time - p, 1 + p]
        target = x[..., p:]
        whole = np.isfinite(target) & np.isfinite(rows).all(-1)
        rows, target = np.where(whole[..., None], rows, 0), np.where(whole, target, 0)

        prior = np.zeros((*centre.shape, 1 + p), dtype=y.dtype)
        prior[..., 1] = np.clip(_first_autocorrelation(x), -0.9, 1)
        precision = np.array([0.1, *(np.arange(1, p + 1) ** 2 / self.tightness**2)], dtype=y.dtype)
        b = _ridge(rows, target, whole.astype(y.dtype), prior, precision)
        e = target - (rows @ b[..., None])[..., 0]
        weight = whole * _huber(e, whole)
        b = _contract(_ridge(rows, target, weight.astype(y.dtype), prior, precision))

        e = target - (rows @ b[..., None])[..., 0]
        deviation = np.maximum(_deviation(e, whole), 1e-3)
        fitted = Coefficients(self, centre, spread, b, deviation, np.empty(0))
        return (fitted.crossed(y) if self.cross else fitted).correlated(y)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """What the anchor estimated; leading axes [...] are the batch, if any."""

    settings: Anchor
    centre: np.ndarray  # [..., series]
    spread: np.ndarray  # [..., series]
    b: np.ndarray  # [..., series, 1 + lags]: constant, then lag 1, lag 2, ...
    deviation: (
        np.ndarray
    )  # [..., series], of the innovations over the whole sample, in units of spread
    correlation: np.ndarray  # [..., series, series]
    others: np.ndarray | None = None  # [..., series, other, lag]: of the others' past

    def filter(self, y: np.ndarray) -> "Filtered":
        """Run the filter over a history `y` [..., series, time] up to the origin."""
        x = (y - self.centre[..., None]) / self.spread[..., None]
        filled, e = _innovations(self.b, x, self.others)
        known = np.isfinite(x)
        before, after = _running_variances(e, known, self.deviation**2)
        mix = self.settings.mixture
        scale = np.sqrt(mix * after[..., MAIN] + (1 - mix) * self.deviation**2)
        return Filtered(
            coefficients=self,
            past=filled[..., -self.settings.lags :],
            scale=scale,
            known=known,
            level=np.where(known, x, 0),
            innovation=np.where(known, e, 0),
            before=np.sqrt(before),
            memory=np.sqrt(after),
        )

    def crossed(self, y: np.ndarray) -> "Coefficients":
        """The same coefficients, with what each series owes to the others' past over `y`."""
        if y.shape[-2] == 1:
            return self
        state, settings = self.filter(y), self.settings
        others, constant = spillover(
            state.innovation, state.before, state.level, self.deviation,
            lags=settings.lags, tightness=settings.cross, steadiness=settings.steadiness,
        )  # fmt: skip
        b = self.b.copy()
        b[..., 0] += constant
        b, others = _contract_together(b, others)
        moved = replace(self, b=b, others=others)
        e = moved.filter(y).innovation
        return replace(moved, deviation=np.maximum(_deviation(e, e != 0), 1e-3))

    def correlated(self, y: np.ndarray) -> "Coefficients":
        """The same coefficients, with the correlation of the innovations over `y`."""
        series = y.shape[-2]
        if series == 1:
            correlation = np.ones((*y.shape[:-2], 1, 1), dtype=y.dtype)
        else:
            u = self.filter(y).filtered_innovations()
            seen = (u != 0).astype(y.dtype)
            pairs = seen @ seen.swapaxes(-1, -2)
            square = u @ u.swapaxes(-1, -2)
            size = np.sqrt(np.maximum(np.diagonal(square, axis1=-2, axis2=-1), 1e-12))
            balance = np.sqrt(np.diagonal(pairs, axis1=-2, axis2=-1))
            raw = square / (size[..., :, None] * size[..., None, :])
            raw = raw * balance[..., :, None] * balance[..., None, :] / np.maximum(pairs, 1)
            weight = pairs / (pairs + self.settings.pull + series)
            identity = np.eye(series, dtype=y.dtype)
            correlation = _nearest_correlation(
                weight * np.clip(raw, -1, 1) * (1 - identity) + identity
            )
        return replace(self, correlation=correlation)


@dataclass(frozen=True, eq=False)
class Filtered:
    """The anchor at an origin: where the series stand and how loud they are."""

    coefficients: Coefficients
    past: np.ndarray  # [..., series, lags], standardised levels, latest last
    scale: np.ndarray  # [..., series], deviation of the next innovations, in units of spread
    known: np.ndarray  # [..., series, time]
    level: np.ndarray  # [..., series, time], standardised, 0 where not known
    innovation: np.ndarray  # [..., series, time], in units of spread, 0 where not known
    before: np.ndarray  # [..., series, time], the filtered deviation before each innovation
    memory: np.ndarray  # [..., series, len(DECAYS)], deviations at the origin, short to long memory

    def filtered_innovations(self) -> np.ndarray:
        """Innovations over the volatility expected for them, [..., series, time]."""
        return np.clip(self.innovation / self.before, -OUTLIER, OUTLIER)

    def recent(self, lags: int) -> np.ndarray:
        """The last innovations over today's scale, winsorised, [..., series, lag], latest last."""
        return np.clip(self.innovation[..., -lags:] / self.scale[..., None], -OUTLIER, OUTLIER)

    def standardise(self, y: np.ndarray) -> np.ndarray:
        """A future `y` [..., series, step] to innovations over their scale, still correlated."""
        c = self.coefficients
        x = (y - c.centre[..., None]) / c.spread[..., None]
        return autoregress(c.b, self.past, x, c.others) / self.scale[..., None]

    def restore(self, u: np.ndarray) -> np.ndarray:
        """Innovations over their scale [..., series, step] to the future that they make."""
        c = self.coefficients
        x = accumulate(c.b, self.past, u * self.scale[..., None], c.others)
        return x * c.spread[..., None] + c.centre[..., None]

    def whiten(self, y: np.ndarray) -> np.ndarray:
        """A future `y` [..., series, step] to white innovations z of that shape."""
        return decorrelate(self.standardise(y), self.coefficients.correlation)

    def color(self, z: np.ndarray) -> np.ndarray:
        """White innovations z [..., series, step] to the future that they make."""
        return self.restore(correlate(z, self.coefficients.correlation))

    def log_determinant(self, horizon: int) -> np.ndarray:
        """Log |dy/dz| over `horizon` steps, [...]: subtract it from a log density of z."""
        c = self.coefficients
        scales = np.log(self.scale * c.spread).sum(-1)
        return horizon * (scales + 0.5 * np.linalg.slogdet(c.correlation)[1])

    def affine(self, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """The map z -> y written out: y = mean + matrix z, both flattened as [series * step].

        Of one origin, not of a batch.
        """
        series = self.past.shape[-2]
        units = np.eye(series * horizon).reshape(-1, series, horizon)
        mean = self.color(np.zeros((series, horizon)))
        return mean.ravel(), (self.color(units) - mean).reshape(len(units), -1).T


def correlate(z: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Multiply by the symmetric root of `correlation`; [..., series, step]."""
    return power(correlation, 0.5) @ z


def decorrelate(u: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Undo `correlate`."""
    return power(correlation, -0.5) @ u


def power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """A symmetric matrix to a real power, over leading axes."""
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values[..., None, :] ** exponent) @ vectors.swapaxes(-1, -2)


def _nearest_correlation(matrix: np.ndarray, floor: float = 0.02) -> np.ndarray:
    """Lift eigenvalues to `floor` and bring the diagonal back to one."""
    values, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.maximum(values, floor)[..., None, :]) @ vectors.swapaxes(-1, -2)
    size = np.sqrt(np.diagonal(lifted, axis1=-2, axis2=-1))
    return lifted / (size[..., :, None] * size[..., None, :])


def _location_scale(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation over known cells; outliers are winsorised at `OUTLIER` robust ones."""
    known = np.isfinite(y)
    filled = np.where(known, y, 0)
    middle = np.nanmedian(y, axis=-1)
    width = np.maximum(_mad(filled - middle[..., None], known), 1e-12) * OUTLIER
    tame = np.clip(filled, (middle - width)[..., None], (middle + width)[..., None])
    centre = _mean(tame, known)
    spread = np.sqrt(_mean((tame - centre[..., None]) ** 2, known))
    return centre, np.maximum(spread, 1e-8)


def _mean(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return (values * weight).sum(-1) / np.maximum(weight.sum(-1), 1)


def _mad(e: np.ndarray, known: np.ndarray) -> np.ndarray:
    """A robust deviation: 1.4826 times the median size, never under a third of the plain one."""
    size = np.where(known, np.abs(e), np.nan)
    plain = np.sqrt(np.maximum(_mean(np.where(known, e, 0) ** 2, known), 1e-12))
    empty = ~known.any(axis=-1, keepdims=True)
    median = np.nanmedian(np.where(empty, 0, size), axis=-1)
    return np.maximum(1.4826 * median, 0.1 * plain)


def _deviation(e: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Deviation of known shocks, squares winsorised at `OUTLIER` robust ones."""
    limit = (OUTLIER * _mad(e, known)[..., None]) ** 2
    return np.sqrt(_mean(np.minimum(e**2, limit), known))


def _huber(e: np.ndarray, known: np.ndarray, cut: float = 3.0) -> np.ndarray:
    limit = cut * _mad(e, known)[..., None]
    return np.minimum(1, limit / np.maximum(np.abs(e), 1e-12))


def _first_autocorrelation(x: np.ndarray) -> np.ndarray:
    both = np.isfinite(x[..., 1:]) & np.isfinite(x[..., :-1])
    later, earlier = np.where(both, x[..., 1:], 0), np.where(both, x[..., :-1], 0)
    return (later * earlier).sum(-1) / np.maximum((earlier**2).sum(-1), 1e-6)


def lagged(x: np.ndarray, lags: int) -> np.ndarray:
    """Each row: 1, then x at lag 1, lag 2, ...; [..., time - lags, 1 + lags]."""
    length = x.shape[-1]
    columns = [x[..., lags - k : length - k] for k in range(1, lags + 1)]
    return np.stack([np.ones_like(columns[0]), *columns], axis=-1)


def _ridge(
    rows: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray,
    prior: np.ndarray,
    precision: np.ndarray,
) -> np.ndarray:
    """Weighted least squares with a normal prior: mean `prior`, inverse variance `precision`."""
    weighted = (rows * weight[..., None]).swapaxes(-1, -2)
    gram = weighted @ rows + np.diag(precision)
    moment = (weighted @ target[..., None])[..., 0] + precision * prior
    return np.linalg.solve(gram, moment[..., None])[..., 0]


def _contract(b: np.ndarray) -> np.ndarray:
    """Scale lag l by r^l so that the largest root is not beyond one."""
    lags = b.shape[-1] - 1
    companion = np.zeros((*b.shape[:-1], lags, lags), dtype=b.dtype)
    companion[..., 0, :] = b[..., 1:]
    companion[..., np.arange(1, lags), np.arange(lags - 1)] = 1
    radius = np.abs(np.linalg.eigvals(companion)).max(-1)
    shrink = (1 / np.maximum(radius, 1))[..., None] ** np.arange(lags + 1)
    return (b * shrink).astype(b.dtype)


def _contract_together(b: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`_contract` for all series at once: own coefficients and those of the others."""
    series, lags = others.shape[-2:]
    companion = np.zeros((*b.shape[:-2], series * lags, series * lags), dtype=b.dtype)
    own = np.eye(series, dtype=b.dtype)[..., None] * b[..., :, None, 1:]
    whole = np.moveaxis(own + others, -1, -2)  # [..., series, lag, other]
    companion[..., :series, :] = whole.reshape(*b.shape[:-2], series, -1)
    companion[..., np.arange(series, series * lags), np.arange(series * (lags - 1))] = 1
    radius = np.abs(np.linalg.eigvals(companion)).max(-1)
    shrink = (1 / np.maximum(radius, 1))[..., None] ** np.arange(lags + 1)
    return (
        (b * shrink[..., None, :]).astype(b.dtype),
        (others * shrink[..., None, None, 1:]).astype(b.dtype),
    )


def _innovations(
    b: np.ndarray, x: np.ndarray, others: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Levels with predictions in the gaps, and one-step errors, both [..., series, time]."""
    lags, length = b.shape[-1] - 1, x.shape[-1]
    if np.isfinite(x).all():
        padded = np.concatenate([np.zeros((*x.shape[:-1], lags), dtype=x.dtype), x], axis=-1)
        fit = b[..., :1] + sum(
            b[..., k, None] * padded[..., lags - k : lags - k + length] for k in range(1, lags + 1)
        )
        if others is not None:
            fit = fit + sum(
                others[..., k - 1] @ padded[..., lags - k : lags - k + length]
                for k in range(1, lags + 1)
            )
        e = x - fit
        e[..., : min(lags, length)] = x[..., : min(lags, length)] * 0
        return x, e
    filled = np.zeros((*x.shape[:-1], lags + length), dtype=x.dtype)
    e = np.zeros_like(x)
    seen = np.zeros(x.shape[:-1], dtype=int)
    for t in range(length):
        window = filled[..., t : t + lags][..., ::-1]
        fit = b[..., 0] + (b[..., 1:] * window).sum(-1)
        if others is not None:
            fit = fit + np.einsum("...ijl,...jl->...i", others, window)
        known = np.isfinite(x[..., t])
        now = np.where(known, x[..., t], np.where(seen > 0, fit, 0))
        filled[..., t + lags] = now
        e[..., t] = np.where(known & (seen >= lags), now - fit, 0)
        seen = seen + (known | (seen > 0))
    return filled[..., lags:], e


def autoregress(
    b: np.ndarray, past: np.ndarray, x: np.ndarray, others: np.ndarray | None = None
) -> np.ndarray:
    """Shocks of `x` [..., step] that follows `past` [..., lag] under `b` [..., 1 + lag].

    With `others` [..., series, other, lag] the series are the axis before the last.
    """
    lags, steps = b.shape[-1] - 1, x.shape[-1]
    past = np.broadcast_to(past, (*x.shape[:-1], lags))
    whole = np.concatenate([past, x], axis=-1)
    before = [whole[..., lags - k : lags - k + steps] for k in range(1, lags + 1)]
    fit = b[..., :1] + sum(b[..., k + 1, None] * before[k] for k in range(lags))
    if others is not None:
        fit = fit + sum(others[..., k] @ before[k] for k in range(lags))
    return x - fit


def accumulate(
    b: np.ndarray, past: np.ndarray, shocks: np.ndarray, others: np.ndarray | None = None
) -> np.ndarray:
    """What `shocks` [..., step] add up to after `past` [..., lag]; undoes `autoregress`."""
    lags, steps = b.shape[-1] - 1, shocks.shape[-1]
    past = np.broadcast_to(past, (*shocks.shape[:-1], lags))
    whole = np.concatenate([past, shocks], axis=-1)
    for t in range(lags, lags + steps):
        lagged = sum(b[..., k] * whole[..., t - k] for k in range(1, lags + 1))
        whole[..., t] += b[..., 0] + lagged
        if others is not None:
            window = whole[..., t - lags : t][..., ::-1]
            whole[..., t] += np.einsum("...ijl,...jl->...i", others, window)
    return whole[..., lags:]


def _running_variances(
    e: np.ndarray, known: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Exponentially weighted variances, one for each of `DECAYS`.

    The main one before each period, [..., series, time], and all of them after the last,
    [..., series, decay].
    """
    decay = np.array(DECAYS, dtype=e.dtype)
    news = (e**2)[..., None]
    now = np.broadcast_to(start[..., None], (*e.shape[:-1], len(DECAYS)))
    before = np.empty_like(e)
    for t in range(e.shape[-1]):
        before[..., t] = now[..., MAIN]
        update = decay * now + (1 - decay) * np.minimum(news[..., t, :], OUTLIER**2 * now)
        now = np.where(known[..., t, None], update, now)
    return before, now
