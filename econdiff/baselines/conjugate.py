"""Multivariate regression with its conjugate prior: posterior and marginal likelihood.

    Y = X B + U, rows of U ~ N(0, S);   S ~ IW(diag(psi), d),   vec(B) | S ~ N(vec(b), S (x) W)

W is diagonal. The posterior has the same form; Y alone has a matrix-t density, the marginal
likelihood. Zellner (1971), *An Introduction to Bayesian Inference in Econometrics*, 8.1;
Giannone, Lenza and Primiceri (2015), appendix A. All that is needed of the data are their cross
products.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import gammaln


@dataclass(frozen=True, eq=False)
class Products:
    """Cross products of regressors and targets; those of two samples add up."""

    xx: np.ndarray  # [regressor, regressor]
    xy: np.ndarray  # [regressor, series]
    yy: np.ndarray  # [series, series]
    rows: int

    @classmethod
    def of(cls, x: np.ndarray, y: np.ndarray) -> "Products":
        """The products of `x` [row, regressor] and `y` [row, series]."""
        return cls(x.T @ x, x.T @ y, y.T @ y, len(y))

    def __add__(self, other: "Products") -> "Products":
        return Products(
            self.xx + other.xx, self.xy + other.xy, self.yy + other.yy, self.rows + other.rows
        )


@dataclass(frozen=True, eq=False)
class NormalInverseWishart:
    """What is believed before the data."""

    mean: np.ndarray  # [regressor, series], b
    precision: np.ndarray  # [regressor], the inverse of the diagonal of W
    scale: np.ndarray  # [series], psi
    freedom: float

    def posterior(self, data: Products) -> "Posterior":
        """What is believed after the data. LinAlgError where `scale` is not positive."""
        factor = cho_factor(data.xx + np.diag(self.precision), lower=True)
        weighted = self.precision[:, None] * self.mean
        mean = cho_solve(factor, data.xy + weighted)
        scale = np.diag(self.scale) + data.yy + self.mean.T @ weighted
        scale = scale - mean.T @ (data.xy + weighted)
        return Posterior(mean, np.tril(factor[0]), (scale + scale.T) / 2, self.freedom + data.rows)

    def log_evidence(self, data: Products) -> float:
        """Log marginal likelihood of `data`, the coefficients and the covariance integrated out."""
        after = self.posterior(data)
        series = len(self.scale)
        return float(
            -series * data.rows / 2 * np.log(np.pi)
            + _log_gamma(after.freedom / 2, series)
            - _log_gamma(self.freedom / 2, series)
            + series / 2 * np.log(self.precision).sum()
            - series * np.log(np.diag(after.precision_root)).sum()
            + self.freedom / 2 * np.log(self.scale).sum()
            - after.freedom / 2 * _log_determinant(after.scale)
        )


@dataclass(frozen=True, eq=False)
class Posterior:
    """S ~ IW(scale, freedom), vec(B) | S ~ N(vec(mean), S (x) (root root')^-1)."""

    mean: np.ndarray  # [regressor, series]
    precision_root: np.ndarray  # [regressor, regressor], lower triangular
    scale: np.ndarray  # [series, series]
    freedom: float

    @property
    def covariance(self) -> np.ndarray:
        """Posterior mean of S."""
        return self.scale / (self.freedom - len(self.scale) - 1)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draws of B [draw, regressor, series], and of roots M [draw, series, series], S = M'M.

        S by Bartlett's decomposition: with scale = L L', M = A^-1 L' for A lower triangular, chi
        variates on its diagonal and normal ones below.
        """
        regressors, series = self.mean.shape
        bartlett = np.tril(rng.standard_normal((count, series, series)), -1)
        chi = np.sqrt(rng.chisquare(self.freedom - np.arange(series), (count, series)))
        bartlett[:, np.arange(series), np.arange(series)] = chi
        root = np.linalg.solve(bartlett, np.linalg.cholesky(self.scale).T[None])
        z = rng.standard_normal((count, regressors, series))
        spread = np.linalg.inv(self.precision_root).T
        return self.mean + spread @ (z @ root), root


def _log_determinant(matrix: np.ndarray) -> float:
    return 2 * float(np.log(np.diag(np.linalg.cholesky(matrix))).sum())


def _log_gamma(a: float, series: int) -> float:
    """Log of the multivariate gamma function, without the power of pi that cancels."""
    return float(gammaln(a - np.arange(series) / 2).sum())
