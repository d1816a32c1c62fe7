"""Models forecast from past origins, and what came says how well.

    trials = list(backtest(models, panel, horizon=8, origins=origins, paths=1000, seed=1))
    scores(trials)  # model, series, step, metric, value
    compare(losses(trials), reference="ar", rng=rng)  # ratios, tests, verdicts

Scores are in the units of the panel.
"""

from econdiff.backtest.run import backtest
from econdiff.backtest.tables import losses, pits, runs, scores, within
from econdiff.backtest.trial import LEVELS, DensityForecaster, Trial
from econdiff.backtest.verdicts import compare, compare_each, confidence_sets
from econdiff.backtest.workers import WorkerError

__all__ = [
    "LEVELS",
    "DensityForecaster",
    "Trial",
    "WorkerError",
    "backtest",
    "compare",
    "compare_each",
    "confidence_sets",
    "losses",
    "pits",
    "runs",
    "scores",
    "within",
]
