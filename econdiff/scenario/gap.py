"""Why an answer differs from a Gaussian one: centre, volatility, shape, and the error of draws."""

import numpy as np
import pandas as pd

from econdiff.forecast import long_table
from econdiff.scenario.answer import Conditional
from econdiff.scenario.gaussian import Gaussian


def gap(answer: Conditional, other: Gaussian | None = None) -> pd.DataFrame:
    """Why the answer differs from the Gaussian one, for the mean of each cell of the horizon.

    The Gaussian is that of the model itself, or another model's law `other` in the same units.

    `series, period, answer, gaussian, gap, centre, volatility, shape, standard_error`, in the
    linear scale of the model (its own units). Between the two answers stands the Gaussian with
    the mean of the draws (`centre`), then also their covariance (`volatility`); what is left is
    `shape`. A gap within two standard errors is no gap.
    """
    mode = answer.closed_form
    told, law = answer.told, other or answer.law.gaussian()
    pins = told.pins
    base = told.baseline
    before = law.given(answer.bound.facts)
    weight = len(base) / (len(base) + base.shape[1])  # few draws know little of a covariance
    moments = Gaussian(
        base.mean(axis=0), weight * np.cov(base.T) + (1 - weight) * before.covariance
    )
    plain = before.given(pins, mode).mean
    centred = Gaussian(moments.mean, before.covariance).given(pins, mode).mean
    fitted = moments.given(pins, mode).mean if len(pins) else moments.mean
    mean = told.alternative.mean(axis=0)
    error = told.alternative.std(axis=0) / np.sqrt(max(answer.diagnostics.effective, 1))
    parts = {
        "answer": mean,
        "gaussian": plain,
        "gap": mean - plain,
        "centre": centred - plain,
        "volatility": fitted - centred,
        "shape": mean - fitted,
        "standard_error": error,
    }
    edge = answer.bound.edge
    tables = {name: answer.cells(part[None])[0, edge:] for name, part in parts.items()}
    return long_table(answer.bound.names, answer.bound.index_of(edge=False), tables)
