"""A model as a scikit-learn estimator that samples the next row of returns."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted

from econdiff.forecast import Forecaster, Model
from econdiff.risk import stress
from econdiff.scenario import Scenario, cell, conditional
from econdiff.scenario.law import HasLaw, HasMoments

POOL = 20_000  # draws among which those that meet a condition are looked for

Condition = float | tuple[float | None, float | None] | np.ndarray


class ScenarioSampler(BaseEstimator):
    """Draws of the row that follows the rows seen, under `model`.

    `X` [time, asset] are simple returns, fractions; `model` is fitted to their log returns in per
    cent. The draws are of the next row given the history, which is what a risk manager asks for:
    where the model has a volatility filter they are wide after a storm and narrow after a calm.
    """

    def __init__(self, model: Model, random_state: int = 0) -> None:
        self.model = model
        self.random_state = random_state

    def fit(self, X, y: object = None) -> "ScenarioSampler":
        """Estimate the model on the rows of `X`, a DataFrame or an array."""
        del y
        names = [str(c) for c in X.columns] if isinstance(X, pd.DataFrame) else []
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"asset {twice!r} is there twice; name each column once")
        values = check_array(X, ensure_min_samples=2)
        if values.min() <= -1:
            raise ValueError(
                f"a return of {100 * values.min():g}% is in X; simple returns as fractions are "
                "needed, above -1"
            )
        self.names_ = tuple(names or map(str, range(values.shape[1])))
        days = pd.bdate_range("2000-01-03", periods=len(values)).to_period("D")  # labels only
        logs = 100 * np.log1p(values)
        self.panel_ = pd.DataFrame(logs, index=days, columns=list(self.names_))
        self.forecaster_: Forecaster = self.model.fit(self.panel_)
        self.n_features_in_ = len(self.names_)
        return self

    def sample(
        self, n_samples: int = 1000, conditioning: Mapping[int | str, Condition] | None = None
    ) -> np.ndarray:
        """Simple returns [sample, asset].

        `conditioning` maps an asset, by name or place, to the return that it is known to have, to
        a tuple of bounds (None where there is none), or to an array of one return a sample, as in
        skfolio's `VineCopula.sample`. Bounds select among the draws. A return is met
        exactly: by the model's own conditional law where it has one (diffusion, AR, VAR, BVAR);
        otherwise by the draws near it, moved the last bit along their regression, and where none is
        near by the regression over all draws (`econdiff.risk.stress.near`, `gaussian_shift`).
        StressError where too few draws lie within the bounds.
        """
        check_is_fitted(self)
        rng = np.random.default_rng(self.random_state)
        if not conditioning:
            return self._returns(self._draw(n_samples, rng))
        places = [self._place(key) for key in conditioning]
        told = dict(zip(places, conditioning.values(), strict=True))
        if len(told) < len(places):
            raise ValueError(f"an asset is named twice in {list(conditioning)}; say each once")
        if len(told) >= len(self.names_):
            raise ValueError("every asset is conditioned on; leave at least one free")
        bounds = {k: _bounds(v) for k, v in told.items() if isinstance(v, tuple)}
        exact = {k: _logs(v) for k, v in told.items() if not isinstance(v, tuple)}
        wrong = [v.shape for v in exact.values() if v.shape not in ((), (n_samples,))]
        if wrong:
            raise ValueError(
                f"a condition is a return, a tuple (low, high) or {n_samples} returns, "
                f"got an array of shape {wrong[0]}"
            )
        return self._returns(self._given(n_samples, exact, bounds, rng))

    def _given(
        self,
        n: int,
        exact: dict[int, np.ndarray],
        bounds: dict[int, tuple[float, float]],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Draws [sample, asset] in per cent of log returns."""
        pool = max(n, POOL) if bounds or exact else n
        own = isinstance(self.forecaster_, HasLaw | HasMoments)
        if own and exact and all(v.ndim == 0 for v in exact.values()):
            pins = tuple(cell(self.names_[k], 1, float(v)) for k, v in exact.items())
            drawn = self._pinned(pins, pool if bounds else n, rng)
            exact = {}
        else:
            drawn = self._draw(pool, rng)
        for k, (low, high) in bounds.items():
            drawn = drawn[(drawn[:, k] >= low) & (drawn[:, k] <= high)]
        if bounds and len(drawn) < stress.FEWEST:
            raise stress.StressError(
                f"{len(drawn)} of {pool} draws lie within the bounds, {stress.FEWEST} are needed; "
                "widen the bounds, or name a return instead"
            )
        if not exact:
            return drawn if len(drawn) == n else drawn[rng.integers(len(drawn), size=n)]
        return _moved(drawn, exact, n, rng)

    def _pinned(self, pins, paths: int, rng: np.random.Generator) -> np.ndarray:
        answer = conditional(
            self.forecaster_, self.panel_, Scenario(pins),
            mode="hard", horizon=1, paths=paths, rng=rng,
        )  # fmt: skip
        return answer.alternative.samples[:, 0]

    def _draw(self, paths: int, rng: np.random.Generator) -> np.ndarray:
        return self.forecaster_.sample(self.panel_, horizon=1, paths=paths, rng=rng).samples[:, 0]

    def _returns(self, logs: np.ndarray) -> np.ndarray:
        return np.expm1(logs / 100)

    def _place(self, key: int | str) -> int:
        if isinstance(key, int | np.integer) and 0 <= key < len(self.names_):
            return int(key)
        if str(key) in self.names_:
            return self.names_.index(str(key))
        raise ValueError(f"no asset {key!r}; there are {list(self.names_)}")


def _bounds(pair: tuple[float | None, ...]) -> tuple[float, float]:
    """Bounds as log returns; None and infinite ones are open."""
    if len(pair) != 2:
        raise ValueError(f"bounds are a tuple (low, high), got {pair}")
    low, high = (end for end in pair)
    low = -np.inf if low is None or low == -np.inf else float(_logs(low))
    high = np.inf if high is None or high == np.inf else float(_logs(high))
    if low > high:
        raise ValueError(f"the bounds {pair} are the wrong way round; write (low, high)")
    return low, high


def _logs(value: float | np.ndarray) -> np.ndarray:
    made = np.asarray(value, float)
    wrong = made[~(np.isfinite(made) & (made > -1))]
    if wrong.size:
        raise ValueError(
            f"a return of {100 * wrong[0]:g}% is no simple return; finite fractions above -1"
        )
    return 100 * np.log1p(made)


def _moved(
    drawn: np.ndarray, exact: dict[int, np.ndarray], n: int, rng: np.random.Generator
) -> np.ndarray:
    """Draws moved to the values of `exact`: those near them where there are enough."""
    places = list(exact)
    free = [k for k in range(drawn.shape[1]) if k not in exact]
    value = np.stack([np.broadcast_to(v, n) for v in exact.values()], axis=1)  # [sample, k]
    weights = np.full(len(drawn), 1 / len(drawn))
    if all(v.ndim == 0 for v in exact.values()):
        near = _near(drawn[:, places], value[0])
        weights = weights if near is None else near
    chosen = drawn[rng.choice(len(drawn), n, p=weights)]
    made = np.empty((n, drawn.shape[1]))
    made[:, places] = value
    made[:, free] = stress.gaussian_shift(chosen[:, places], value, chosen[:, free])
    return made


def _near(x: np.ndarray, value: np.ndarray) -> np.ndarray | None:
    """Weights of the draws near `value`; None where too few different ones are near it."""
    try:
        weights = stress.near(x, value).weights
    except stress.StressError:
        return None
    _, place = np.unique(x, axis=0, return_inverse=True)  # a model may draw the same row often
    distinct = stress.Stress(np.bincount(place.ravel(), weights))
    return weights if distinct.effective_paths >= stress.FEWEST else None
