"""Credit, the portfolio way: macro paths to default rates, default rates to losses.

A logit link gives the default rate of each period from the macro series; Vasicek's single factor
gives the loss distribution of a large homogeneous portfolio around it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from econdiff.forecast import Forecast


@dataclass(frozen=True)
class LogitLink:
    """Default rates that follow the economy through a logit link.

    logit(rate_t) = a + c logit(rate_{t-1}) + b' x_t + u_t,   u_t ~ N(0, s^2)

    Wilson (1997), "Portfolio credit risk", with a lag. Rates are fractions in (0, 1).
    """

    macro: tuple[str, ...]

    def fit(self, rate: pd.Series, panel: pd.DataFrame) -> "FittedLogitLink":
        """Least squares over the periods in which rate, its lag and the macro series are known.

        `rate` and `panel` are indexed by periods; the lag is that of the period before, whether or
        not the rows in between are there.
        """
        absent = [name for name in self.macro if name not in panel.columns]
        if absent:
            raise ValueError(f"the panel lacks {absent}; it has {list(panel.columns)}")
        known = rate.dropna()
        none = (known == 0).to_numpy()
        if none.any():
            raise ValueError(
                f"the default rate is 0 in {known.index[int(none.argmax())]}, which has no "
                "logit; leave such periods empty, or take longer ones"
            )
        if not ((known > 0) & (known < 1)).all():
            raise ValueError(
                f"default rates must be fractions between 0 and 1, got {known.min():g} to "
                f"{known.max():g}; divide percentages by 100"
            )
        score = pd.Series(logit(rate.to_numpy(float)), index=rate.index)
        lag = score.set_axis(pd.PeriodIndex(score.index) + 1)
        table = pd.concat([score, lag, panel[[*self.macro]]], axis=1)
        table.columns = ["y", "lag", *self.macro]
        table = table.dropna()
        X = np.column_stack([np.ones(len(table)), table.drop(columns="y").to_numpy(float)])
        freedom = len(table) - X.shape[1]
        if freedom < 5:
            raise ValueError(
                f"{len(table)} periods are shared by the rate and the macro series, "
                f"{X.shape[1] + 5} are needed"
            )
        b = np.linalg.lstsq(X, table["y"].to_numpy(float), rcond=None)[0]
        u = table["y"].to_numpy(float) - X @ b
        variance = float(u @ u / freedom)
        errors = np.sqrt(variance * np.diag(np.linalg.pinv(X.T @ X)))
        return FittedLogitLink(self.macro, b, float(np.sqrt(variance)), errors, len(table))


@dataclass(frozen=True, eq=False)
class FittedLogitLink:
    """Coefficients: constant, lag, one a macro series; and the deviation of the shock.

    `errors` are the coefficients' least-squares standard errors, `periods` how many were used.
    """

    macro: tuple[str, ...]
    coefficients: np.ndarray
    deviation: float
    errors: np.ndarray | None = None
    periods: int = 0

    def rates(
        self,
        last: float,
        forecast: Forecast,
        *,
        rng: np.random.Generator,
        known: np.ndarray | None = None,
    ) -> np.ndarray:
        """Default rates [path, step] on each macro path, from the `last` known rate.

        `known` [step] are rates that are published already, NaN where they are not.
        """
        x = forecast.select(*self.macro).samples
        drift = self.coefficients[0] + x @ self.coefficients[2:]
        drift += self.deviation * rng.standard_normal(drift.shape)
        score = np.full(len(drift), logit(last))
        made = np.empty_like(drift)
        told = np.full(drift.shape[1], np.nan) if known is None else logit(known)
        for step in range(drift.shape[1]):
            score = drift[:, step] + self.coefficients[1] * score
            if np.isfinite(told[step]):
                score = np.full(len(drift), told[step])
            made[:, step] = expit(score)
        return made


def vasicek_quantile(pd_: np.ndarray | float, correlation: float, level: float) -> np.ndarray:
    """The default rate of a large homogeneous portfolio not exceeded with probability `level`.

    Phi( (Phi^-1(p) + sqrt(rho) Phi^-1(level)) / sqrt(1 - rho) ), Vasicek (2002), eq. 5.
    """
    _check(correlation)
    tilt = np.sqrt(correlation) * norm.ppf(level)
    return norm.cdf((norm.ppf(pd_) + tilt) / np.sqrt(1 - correlation))


def vasicek_rates(
    pd_: np.ndarray, correlation: float, *, rng: np.random.Generator, span: int = 1
) -> np.ndarray:
    """Draws of the portfolio's default rate around each `pd_` [..., step], of the same shape.

    The common factor is drawn anew every `span` steps, and independent of itself before.
    """
    _check(correlation)
    steps = pd_.shape[-1]
    factor = rng.standard_normal((*pd_.shape[:-1], -(-steps // span)))
    factor = np.repeat(factor, span, axis=-1)[..., :steps]
    inside = norm.ppf(pd_) - np.sqrt(correlation) * factor
    return norm.cdf(inside / np.sqrt(1 - correlation))


@dataclass(frozen=True, eq=False)
class CreditLoss:
    """Losses as a share of exposure today [path], over the horizon."""

    losses: np.ndarray
    by_step: np.ndarray  # expected loss of each step [step]

    @property
    def expected(self) -> float:
        """Expected credit loss."""
        return float(self.losses.mean())

    def expected_until(self, step: int) -> float:
        """Expected credit loss of the first `step` steps; NaN where there are fewer."""
        return float(self.by_step[:step].sum()) if step <= len(self.by_step) else np.nan

    def value_at_risk(self, level: float = 0.999) -> float:
        """Credit VaR: the loss not exceeded with probability `level`, less the expected one."""
        return float(np.quantile(self.losses, level) - self.expected)


def portfolio_losses(
    rates: np.ndarray,
    *,
    loss_given_default: float,
    correlation: float,
    span: int = 1,
    discount: float = 0.0,
    rng: np.random.Generator,
) -> CreditLoss:
    """Losses of a large homogeneous portfolio on default-rate paths [path, step].

    `rates` are those of `span` steps (4: annual rates in quarterly steps), of those who still live.
    Around each a rate is drawn from Vasicek's law, with one common factor for `span` steps, so that
    at a steady rate their loss has that law, and then made one of a step. `discount` is the
    interest rate a step, for expected credit losses (IFRS 9, CECL).
    """
    if not 0 <= loss_given_default <= 1:
        raise ValueError(f"loss given default must be a fraction, got {loss_given_default}")
    drawn = each_step(vasicek_rates(rates, correlation, rng=rng, span=span), span)
    alive = np.concatenate(
        [np.ones((len(drawn), 1)), np.cumprod(1 - drawn, axis=1)[:, :-1]], axis=1
    )
    factor = (1 + discount) ** -np.arange(1, drawn.shape[1] + 1)
    losses = loss_given_default * alive * drawn * factor
    return CreditLoss(losses.sum(axis=1), losses.mean(axis=0))


def each_step(annual: np.ndarray, per_year: int) -> np.ndarray:
    """Default rates of a step of 1 / `per_year` years that make up `annual` ones, 1-(1-r)^(1/n)."""
    return -np.expm1(np.log1p(-annual) / per_year)


def _check(correlation: float) -> None:
    if not 0 <= correlation < 1:
        raise ValueError(f"asset correlation must lie in [0, 1), got {correlation}")
