"""Scores of draws against what came, and tests of whether two scores differ.

Pure arithmetic: arrays in, arrays out. Draws are `samples[path, ...]`, what came is
`outcome[...]`. Scores are losses: lower is better. An outcome of NaN is one that is not
known, and its score is NaN.
"""

from econdiff.scoring.calibration import UniformityTest, covered, pit, uniformity
from econdiff.scoring.comparison import (
    DieboldMariano,
    diebold_mariano,
    holm,
    model_confidence_set,
    ratio_interval,
)
from econdiff.scoring.joint import energy_score, variogram_score
from econdiff.scoring.marginal import (
    both_tails,
    crps,
    left_tail,
    log_score,
    pinball,
    quantile_weighted_crps,
    right_tail,
    squared_error,
    threshold_weighted_crps,
)

__all__ = [
    "DieboldMariano",
    "UniformityTest",
    "both_tails",
    "covered",
    "crps",
    "diebold_mariano",
    "energy_score",
    "holm",
    "left_tail",
    "log_score",
    "model_confidence_set",
    "pinball",
    "pit",
    "quantile_weighted_crps",
    "ratio_interval",
    "right_tail",
    "squared_error",
    "threshold_weighted_crps",
    "uniformity",
    "variogram_score",
]
