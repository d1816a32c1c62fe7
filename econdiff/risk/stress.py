"""Stress: what a portfolio loses if the market does this, how plausible that is, and the reverse.

All work on draws `x[path, k]` of what is stressed (a market return, a yield change) and of what is
asked for, made by any model. Nothing is redrawn: paths are given weights. The weights that honour a
view and otherwise say least are those of entropy pooling; where they rest on too few paths, or the
view lies where history has nothing alike, that is said or refused.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, logsumexp
from scipy.stats import chi2

from econdiff.weighting import UnreachableError, effective, tilt

FEWEST = 30  # paths that must carry a stress


class StressError(ValueError):
    """The paths cannot answer: too few of them are anything like the stress."""


@dataclass(frozen=True, eq=False)
class Stress:
    """Weights of the paths under a stress.

    `effective_paths` is exp(entropy) of the weights (Meucci, 2012), `entropy` the relative entropy
    to the equal weights: 0 asks nothing, log(paths) rests on one path. `probability` is the share
    of paths in the event, where the stress is one.
    """

    weights: np.ndarray  # [path], adding up to 1
    probability: float | None = None

    @property
    def entropy(self) -> float:
        """Relative entropy of the weights to equal ones, in nats."""
        held = self.weights[self.weights > 0]
        return float((held * np.log(held * len(self.weights))).sum())

    @property
    def effective_paths(self) -> float:
        """How many equally weighted paths say as much."""
        return float(len(self.weights) * np.exp(-self.entropy))

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean of `values` [path, ...] under the stress."""
        return np.tensordot(self.weights, values, axes=1)

    def quantile(self, values: np.ndarray, level: float) -> float:
        """The `level` quantile of `values` [path] under the stress.

        That of Harrell and Davis, as the VaR of `econdiff.risk.measures`, with the effective sample
        size of the weights for the number of draws (Akinshin, 2023, arXiv:2304.07265).
        """
        order = values.argsort()
        total = np.append(0.0, self.weights[order].cumsum()).clip(0, 1)
        n = effective(self.weights)
        edges = betainc(level * (n + 1), (1 - level) * (n + 1), total / total[-1])
        return float(np.diff(edges) @ values[order])

    def shortfall(self, values: np.ndarray, level: float) -> float:
        """The mean of the lowest `level` share of `values` [path] under the stress."""
        order = values.argsort()
        total = self.weights[order].cumsum()
        share = np.diff(np.minimum(total, level), prepend=0.0)
        return float(share @ values[order] / share.sum())


def event(happens: np.ndarray) -> Stress:
    """Condition on an event: booleans [path], such as `market < -0.3`. Exact, by selection."""
    found = int(np.count_nonzero(happens))
    if found < FEWEST:
        raise StressError(
            f"{found} of {len(happens)} paths are in the event, {FEWEST} are needed; draw more "
            "paths, widen the event, or use `view` or `gaussian_shift`"
        )
    return Stress(happens / found, found / len(happens))


def view(x: np.ndarray, target: np.ndarray | float, *, fewest: float = FEWEST) -> Stress:
    """Weights nearest to equal under which the mean of `x` [path, k] is `target` [k].

    Entropy pooling (`econdiff.weighting.tilt`). Raises StressError where the target lies outside
    the paths, or where fewer than `fewest` effective paths would carry it.
    """
    x = np.asarray(x, float).reshape(len(x), -1)
    aim = np.broadcast_to(np.asarray(target, float), x.shape[1:])
    low, high = x.min(axis=0), x.max(axis=0)
    outside = (aim <= low) | (aim >= high)
    if outside.any():
        k = int(np.flatnonzero(outside)[0])
        raise StressError(
            f"the view {aim[k]:g} lies outside all paths ({low[k]:g} to {high[k]:g}); "
            "no weights of these paths can have it for a mean"
        )
    try:
        stress = Stress(tilt(x, aim))
    except UnreachableError:
        raise StressError(
            "no weights of these paths honour all views at once; give fewer"
        ) from None
    if stress.effective_paths < fewest:
        raise StressError(
            f"the views rest on {stress.effective_paths:.1f} effective paths of {len(x)}, "
            f"{fewest:g} are needed; draw more paths or ask for less"
        )
    return stress


def near(x: np.ndarray, value: np.ndarray | float, *, width: float = 0.1) -> Stress:
    """Condition on `x` [path, k] being `value` [k], by a Gaussian kernel of `width` deviations."""
    x = np.asarray(x, float).reshape(len(x), -1)
    distance = ((x - np.asarray(value, float)) / (width * x.std(axis=0))) ** 2
    exponent = -distance.sum(axis=1) / 2
    stress = Stress(np.exp(exponent - logsumexp(exponent)))
    nearest = float(np.sqrt(distance.sum(axis=1).min())) * width
    if nearest > 3 * width or stress.effective_paths < FEWEST:
        raise StressError(
            f"{stress.effective_paths:.1f} effective paths lie near the stress (the nearest is "
            f"{nearest:.2f} deviations away), {FEWEST} are needed; draw more paths, or use "
            "`gaussian_shift`"
        )
    return stress


def gaussian_shift(x: np.ndarray, value: np.ndarray | float, y: np.ndarray) -> np.ndarray:
    """Draws of `y` [path, m] moved to `x` = `value`: y + B (value - x), B the regression of y on x.

    Exact where (x, y) is jointly Gaussian, whatever the value (Matheron's rule); otherwise the
    dependence is taken to be linear and to hold out there. For stresses that no path reaches.
    """
    x = np.asarray(x, float).reshape(len(x), -1)
    centred = x - x.mean(axis=0)
    B = np.linalg.lstsq(centred, y - y.mean(axis=0), rcond=None)[0]
    return y + (np.asarray(value, float) - x) @ B


def plausibility(x: np.ndarray, value: np.ndarray | float) -> float:
    """Probability, were the draws Gaussian, of a stress at least as far out as `value` [k].

    chi2(k) tail of the Mahalanobis distance (Breuer, Jandacka, Rheinberger and Summer, 2009).
    """
    x = np.asarray(x, float).reshape(len(x), -1)
    gap = np.broadcast_to(np.asarray(value, float), x.shape[1:]) - x.mean(axis=0)
    size = x.std(axis=0, ddof=1)
    if not (size > 0).all():
        raise StressError(
            "a factor that is the same on every path has no plausibility; leave it out"
        )
    correlation = np.atleast_2d(np.corrcoef(x.T))
    if np.linalg.eigvalsh(correlation)[0] < 1e-12:
        raise StressError(
            "these factors follow from each other on every path, so their values cannot be chosen "
            "apart; leave one of them out"
        )
    gap /= size
    return float(chi2.sf(gap @ np.linalg.solve(correlation, gap), x.shape[1]))


def extrapolates(history: np.ndarray, value: np.ndarray | float) -> bool:
    """Whether no row of `history` [time, k] went as far as `value` [k] in its direction.

    Directions are those from the mean, by the covariance: a rise is no witness of a fall.
    """
    h = np.asarray(history, float).reshape(len(history), -1)
    h = h[np.isfinite(h).all(axis=1)]
    rows, gap = h - h.mean(axis=0), np.asarray(value, float) - h.mean(axis=0)
    gap = np.broadcast_to(gap, h.shape[1:])
    toward = np.linalg.inv(np.atleast_2d(np.cov(h.T))) @ gap
    return bool(gap @ toward > (rows @ toward).max() * (1 + 1e-9))


@dataclass(frozen=True, eq=False)
class ReverseStress:
    """The most plausible way to lose as much as asked, or more."""

    path: int  # which of the draws
    scenario: np.ndarray  # the factors on it [k]
    loss: float
    probability: float  # of losing so much, over all paths
    typical: np.ndarray  # mean of the factors over all paths that lose so much [k]
    centre: np.ndarray  # the factors where that loss lies least far out, drawn or not [k]


def reverse_stress(factors: np.ndarray, returns: np.ndarray, loss: float) -> ReverseStress:
    """Among paths that lose `loss` or more, the one whose factors lie least far out.

    `factors` [path, k] (flatten steps x series for whole paths), `returns` [path] of the portfolio.
    Distance is Mahalanobis', as in `plausibility`. Of many factors every draw lies far out in some
    way that has nothing to do with the loss; `centre` has none of that. It is where, of all x with
    x'w = -loss, the distance is least, m + S w (-loss - m'w) / (w'S w) (Breuer, Jandacka,
    Rheinberger and Summer, 2009), the mode given the loss were the draws elliptical.
    """
    x = np.asarray(factors, float).reshape(len(factors), -1)
    hurt = np.flatnonzero(returns <= -loss)
    if len(hurt) == 0:
        raise StressError(
            f"no path loses {loss:g} or more; the worst of {len(returns)} loses "
            f"{-returns.min():g}. Draw more paths or ask for less"
        )
    gap = x[hurt] - x.mean(axis=0)
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(x.T)))
    best = int(hurt[np.einsum("pi,ij,pj->p", gap, inverse, gap).argmin()])
    apart = returns - returns.mean()
    slope = apart @ (x - x.mean(axis=0)) / (apart @ apart)
    return ReverseStress(
        best,
        x[best],
        -float(returns[best]),
        len(hurt) / len(returns),
        x[hurt].mean(axis=0),
        x.mean(axis=0) + slope * (-loss - returns.mean()),
    )
