"""How often the backtests of VaR and ES reject a right model: `econdiff.risk.sizes`.

    python benchmarks/risk_sizes.py 250 500 1000 2500

Days are GARCH(1,1) with Student t innovations of 5 degrees of freedom, and the VaR, ES and PIT are
those of the law that drew them. Prints, by level, in how many per cent of the histories of which a
test can speak it rejects at 5%, and in brackets in how many it cannot. 1500 histories, 500 on more
than 1000 days. The regressions of Bayer and Dimitriadis, which take long, are left out, and so are
the tests with simulated critical values, whose law is that of the model.
"""

import sys

import numpy as np
from scipy import stats

from econdiff.risk import backtests as bt
from econdiff.risk.validation import SIGNIFICANCE, TESTS

HISTORIES = 1500
LEVELS = (0.01, 0.025, 0.05)
FREEDOM, BURN = 5, 200
UNIT = np.sqrt(FREEDOM / (FREEDOM - 2))  # deviation of the Student law


def histories(days: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Returns and the scale of their Student law, both [history, day]."""
    shocks = rng.standard_t(FREEDOM, (count, days + BURN)) / UNIT
    variance = np.ones((count, days + BURN))
    for t in range(1, days + BURN):
        variance[:, t] = 0.03 + (0.08 * shocks[:, t - 1] ** 2 + 0.89) * variance[:, t - 1]
    deviation = np.sqrt(variance[:, BURN:])
    return deviation * shocks[:, BURN:], deviation / UNIT


def outcomes(r: np.ndarray, scale: np.ndarray, alpha: float) -> dict[str, bt.Outcome]:
    """Every test of one history, by its name in tables."""
    z = stats.t.ppf(alpha, FREEDOM)
    es = -stats.t.pdf(z, FREEDOM) / alpha * (FREEDOM + z**2) / (FREEDOM - 1)
    made = {
        name: test(r, scale * z, scale * es, alpha)
        for name, test in TESTS.items()
        if "ESR" not in name
    }
    pit = stats.t.cdf(r / scale, FREEDOM)
    return made | {
        "Du-Escanciano unconditional": bt.du_escanciano_unconditional(pit, alpha),
        "Du-Escanciano conditional": bt.du_escanciano_conditional(pit, alpha),
        "Berkowitz": bt.berkowitz(stats.norm.ppf(pit)),
        "Jarque-Bera of the scores": bt.jarque_bera(stats.norm.ppf(pit)),
    }


def study(days: int) -> None:
    """Print the shares of one length of history, level by level."""
    part = 1 if days <= 1000 else 3
    returns, scales = histories(days, HISTORIES // part, np.random.default_rng(days))
    for alpha in LEVELS:
        each: dict[str, list[bt.Outcome]] = {}
        for r, scale in zip(returns, scales, strict=True):
            for name, outcome in outcomes(r, scale, alpha).items():
                each.setdefault(name, []).append(outcome)
        for name, made in each.items():
            spoke = [outcome.p_value < SIGNIFICANCE for outcome in made if not outcome.note]
            share = 100 * np.mean(spoke) if spoke else np.nan
            silent = 100 * (1 - len(spoke) / len(made))
            print(f"{days:5d} {alpha:5g} {name:38s} {share:5.1f} ({silent:.0f})", flush=True)


if __name__ == "__main__":
    for said in sys.argv[1:]:
        study(int(said))
