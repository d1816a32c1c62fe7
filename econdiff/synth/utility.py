"""Whether the conclusions of a study survive: its regressions, on real and on synthetic panels.

A regression is written `log(GSP) ~ log(P_CAP) + log(PC) + UNEMP` and is run within entities, by
least squares with entity effects. For m synthetic panels coefficients are averaged, as synthpop
does (Raab, Nowok and Dibben, 2016, *Journal of Privacy and Confidentiality* 7). The overlap of
confidence intervals (Karr et al., 2006, *American Statistician* 60; not clipped, so that it goes
below zero where intervals lie apart) is the mean share of each interval that both cover:

    overlap = ( (u - l) / (u_r - l_r) + (u - l) / (u_s - l_s) ) / 2,
    u = min(u_r, u_s),    l = max(l_r, l_s)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from econdiff.synth.errors import SynthError
from econdiff.synth.generation import SyntheticPanels
from econdiff.synth.panel import EntityPanel

_TERM = re.compile(r"(?:(lag|lead|diff)(\d*)\()?(?:(log|dlog)\()?([^()\s]+?)\)*")


@dataclass(frozen=True)
class Regression:
    """`outcome` on `terms` with entity effects.

    A term is NAME or log(), diff(), dlog(), lag() or lead() of it; lag4(), lead4() and diff4() move
    four periods, and may hold a log: `lead4(log(gdp)) ~ rate + lag(rate)` is a local projection
    (Jorda, 2005, *American Economic Review* 95) at four periods.
    """

    outcome: str
    terms: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Regression":
        """Read `log(GSP) ~ log(P_CAP) + UNEMP`."""
        left, tilde, right = text.partition("~")
        terms = tuple(term.strip() for term in right.split("+"))
        if not tilde or not all(_is_term(term) for term in (left.strip(), *terms)):
            raise SynthError(f"{text!r} is no regression; write one as 'log(y) ~ log(x) + z'")
        return cls(left.strip(), terms)

    def __str__(self) -> str:
        return f"{self.outcome} ~ {' + '.join(self.terms)}"

    def estimate(self, values: np.ndarray, series: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients and their standard errors on one panel [entity, time, series]."""
        columns = [_column(term, values, series) for term in (self.outcome, *self.terms)]
        data = np.stack(columns, axis=-1)
        used = np.asarray(np.isfinite(data).all(axis=-1))[..., None]
        count = np.maximum(used.sum(axis=1, keepdims=True), 1)
        inner = (data - np.where(used, data, 0).sum(axis=1, keepdims=True) / count)[used[..., 0]]
        x, y = inner[:, 1:], inner[:, 0]
        free = len(y) - int(used[..., 0].any(-1).sum()) - x.shape[1]
        if free < 1 or np.linalg.matrix_rank(x) < x.shape[1]:
            raise SynthError(
                f"{self} cannot be estimated: {len(y)} rows, or terms that are collinear"
            )
        coefficients, *_ = np.linalg.lstsq(x, y, rcond=None)
        left = y - x @ coefficients
        errors = np.sqrt(np.diag(np.linalg.inv(x.T @ x)) * (left @ left) / free)
        return coefficients, errors

    def compare(self, real: EntityPanel, made: SyntheticPanels) -> pd.DataFrame:
        """A row a term: both coefficients, difference in standard errors, overlap, sign kept."""
        series = real.schema.series
        b, error = self.estimate(real.values, series)
        each = [self.estimate(values, series) for values in made.values]
        b_made = np.mean([c for c, _ in each], axis=0)
        error_made = np.mean([e for _, e in each], axis=0)
        single = [np.mean(overlap(b, error, c, e)) for c, e in each]
        return pd.DataFrame(
            {
                "regression": str(self),
                "term": list(self.terms),
                "real": b,
                "real error": error,
                "synthetic": b_made,
                "synthetic error": error_made,
                "difference in errors": (b_made - b) / error,
                "overlap": overlap(b, error, b_made, error_made),
                "overlap of one panel": float(np.mean(single)),
                "sign kept": np.sign(b) == np.sign(b_made),
                "significance kept": (np.abs(b / error) > 1.96)
                == (np.abs(b_made / error_made) > 1.96),
            }
        )


def overlap(
    b: np.ndarray,
    error: np.ndarray,
    other: np.ndarray,
    other_error: np.ndarray,
    level: float = 0.95,
) -> np.ndarray:
    """Overlap of two confidence intervals, not clipped: 1 for the same, below 0 where apart."""
    z = stats.norm.ppf((1 + level) / 2)
    low = np.maximum(b - z * error, other - z * other_error)
    high = np.minimum(b + z * error, other + z * other_error)
    width = high - low
    return (width / (2 * z * error) + width / (2 * z * other_error)) / 2


def _is_term(term: str) -> bool:
    return bool(_TERM.fullmatch(term)) and term.count("(") == term.count(")")


def _column(term: str, values: np.ndarray, series: Sequence[str]) -> np.ndarray:
    found = _TERM.fullmatch(term)
    if found is None:
        raise SynthError(f"{term!r} is no term of a regression")
    moved, steps, change, name = found.groups()
    if name not in series:
        raise SynthError(f"no series {name!r} for a regression; there are {', '.join(series)}")
    y = values[..., list(series).index(name)]
    if change:
        if np.nanmin(y) <= 0:
            raise SynthError(
                f"{term}: {name} is not above zero throughout; where it is drawn, --positive keeps "
                "it there"
            )
        y = np.log(y)
    if change == "dlog":
        y = y - _moved(y, 1)
    if moved is None:
        return y
    count = int(steps or 1)
    if not 0 < count < y.shape[1]:
        raise SynthError(f"{term} moves {count} periods; the panel has {y.shape[1]}")
    if moved == "diff":
        return y - _moved(y, count)
    return _moved(y, count if moved == "lag" else -count)


def _moved(y: np.ndarray, steps: int) -> np.ndarray:
    """Each row `steps` periods later (earlier where negative), NaN where there is none."""
    empty = np.full_like(y[:, : abs(steps)], np.nan)
    if steps > 0:
        return np.concatenate([empty, y[:, :-steps]], axis=1)
    return np.concatenate([y[:, -steps:], empty], axis=1)
