"""The Minnesota prior, and how tight the data want it.

    y_t' = x_t' B + u_t',    x_t' = (1, y_{t-1}', ..., y_{t-p}'),    u_t ~ N(0, s_t^2 S)
    S ~ IW(diag(psi), n + 2),    vec(B) | S ~ N(vec(b), S (x) W)

Giannone, Lenza and Primiceri (2015), "Prior selection for vector autoregressions", *Review of
Economics and Statistics* 97: eq. 1-3, dummy observations of their section III, marginal likelihood
of their appendix A. s_t is 1 but in the pandemic (see `pandemic`).

- Minnesota: b says y_t = m_j y_{t-1} for series j, and lag l of series j has prior variance
  lambda^2 / (l^2 psi_j), in units of the variance of the equation's shock.
- Sum of coefficients: one row a series, (y, x) = (v_j, 0, v_j, ..., v_j) with v_j = m_j
  mean_j / mu at place j: if a series has stood at its starting mean it stays.
- Initial observation: one row (y, x) = (mean, 1, mean, ..., mean) / delta: all series together
  may stay at their starting means.

m_j is the series' own first autocorrelation between 0 and 1 (1 would be their random walk; growth
rates are not one). lambda, mu, delta, psi and the pandemic's scales maximise the marginal
likelihood times their priors; lambda ~ Gamma(mode .2, deviation .4), mu, delta ~ Gamma(1, 1).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import gamma

from econdiff.baselines.conjugate import NormalInverseWishart, Posterior, Products
from econdiff.baselines.pandemic import Pandemic

CONSTANT = 1e-6  # prior precision of the constant: next to nothing
BOUNDS = {"lambda": (1e-3, 5.0), "mu": (1e-2, 50.0), "delta": (1e-2, 50.0)}
TIGHTNESS = (1.6404, 0, 0.31231)  # of a Gamma: shape, location, scale
DUMMIES = (2.6180, 0, 0.61803)


@dataclass(frozen=True, eq=False)
class Hyperparameters:
    """One choice of them, with the data they are to explain, in units of each series' shocks."""

    tightness: float  # lambda
    sum_of_coefficients: float  # mu
    initial_observation: float  # delta
    psi: np.ndarray  # [series]
    pandemic: Pandemic | None
    persistence: np.ndarray  # [series]
    start: np.ndarray  # [series], mean of the first rows
    data: Products
    log_loudness: float = 0.0  # sum over rows of log s_t

    def prior(self) -> NormalInverseWishart:
        """The Minnesota prior."""
        series = len(self.psi)
        lags = (len(self.data.xx) - 1) // series
        mean = np.zeros((1 + lags * series, series))
        mean[1 : 1 + series] = np.diag(self.persistence)
        squares = np.repeat(np.arange(1, lags + 1) ** 2, series)
        precision = squares * np.tile(self.psi, lags) / self.tightness**2
        return NormalInverseWishart(
            mean, np.concatenate([[CONSTANT], precision]), self.psi, series + 2.0
        )

    def dummies(self) -> Products:
        """Sum of coefficients and initial observation, as rows that were never observed."""
        series = len(self.psi)
        lags = (len(self.data.xx) - 1) // series
        y = np.diag(self.persistence * self.start / self.sum_of_coefficients)
        x = np.hstack([np.zeros((series, 1)), np.tile(y, lags)])
        level = self.start / self.initial_observation
        once = np.concatenate([[1 / self.initial_observation], np.tile(level, lags)])
        return Products.of(np.vstack([x, once]), np.vstack([y, level]))

    def posterior(self) -> Posterior:
        """What data, dummies and prior together say."""
        return self.prior().posterior(self.data + self.dummies())

    def log_density(self) -> float:
        """Log marginal likelihood of the data given the dummies, plus log priors."""
        prior, dummies = self.prior(), self.dummies()
        likelihood = prior.log_evidence(self.data + dummies) - prior.log_evidence(dummies)
        hyper = (
            gamma.logpdf(self.tightness, *TIGHTNESS)
            + gamma.logpdf(self.sum_of_coefficients, *DUMMIES)
            + gamma.logpdf(self.initial_observation, *DUMMIES)
            - np.log(self.psi).sum()
        )
        loud = 0.0 if self.pandemic is None else self.pandemic.log_prior()
        return float(likelihood + hyper + loud - len(self.psi) * self.log_loudness)

    def report(self) -> dict[str, Any]:
        """The choice as plain values."""
        told: dict[str, Any] = {
            "lambda": self.tightness,
            "mu": self.sum_of_coefficients,
            "delta": self.initial_observation,
        }
        if self.pandemic is not None:
            told["pandemic"] = [*map(float, self.pandemic.first), self.pandemic.decay]
        return told


@dataclass(frozen=True, eq=False)
class Search:
    """The data of the search for hyperparameters; x and y in units of each series' shocks."""

    x: np.ndarray  # [row, regressor]
    y: np.ndarray  # [row, series]
    persistence: np.ndarray  # [series]
    index: pd.Index  # of the rows
    freq: str | None  # None: no pandemic

    def best(self) -> Hyperparameters:
        """The mode, by L-BFGS from the priors' own."""
        series = self.y.shape[1]
        bounds = [(float(np.log(low)), float(np.log(high))) for low, high in BOUNDS.values()] + [
            (-4.6, 4.6)
        ] * series
        start = [np.log(0.2), 0.0, 0.0, *np.zeros(series)]
        if self.freq is not None:
            bounds += [(0.0, 6.0)] * 3 + [(0.01, 0.99)]
            start += [1.0, 1.0, 1.0, 0.8]
        found = minimize(
            lambda theta: -self.at(theta).log_density(), start, bounds=bounds, method="L-BFGS-B"
        )
        return self.at(found.x)

    def at(self, theta: np.ndarray) -> Hyperparameters:
        """Hyperparameters from logs of lambda, mu, delta, psi, then log s_0..s_2 and the decay."""
        series = self.y.shape[1]
        levels = np.exp(theta[: 3 + series])
        x, y, log_loudness, pandemic = self.x, self.y, 0.0, None
        if self.freq is not None:
            first = np.exp(theta[3 + series : 6 + series])
            pandemic = Pandemic(self.freq, (first[0], first[1], first[2]), float(theta[-1]))
            loudness = pandemic(self.index)[:, None]
            x, y, log_loudness = x / loudness, y / loudness, float(np.log(loudness).sum())
        return Hyperparameters(
            float(levels[0]),
            float(levels[1]),
            float(levels[2]),
            levels[3:],
            pandemic,
            self.persistence,
            self.x[0, 1:].reshape(-1, series).mean(axis=0),
            Products.of(x, y),
            log_loudness,
        )
