"""The promises of `Model` and `Forecaster`, held by every model we have.

A new model is tested by adding one line to MODELS.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines import BASELINES
from econdiff.baselines.arima import ARIMA
from econdiff.baselines.bvar_sv import BVARSV
from econdiff.forecast import Forecaster, Model

MODELS = {
    **BASELINES,
    "arima": lambda: ARIMA(max_p=1, max_q=1),  # a smaller grid, for speed
    "bvar-sv": lambda: BVARSV(sweeps=60, burn=20, kept=20),  # a shorter chain, for speed
}
HORIZON, PATHS = 6, 40

pytestmark = pytest.mark.parametrize("name", MODELS)


def economy(seed: int = 0) -> pd.DataFrame:
    """Two series of 120 quarters that persist, move together and are now calm, now not."""
    rng = np.random.default_rng(seed)
    values = np.zeros((120, 2))
    loudness = 1.0
    for t in range(1, 120):
        loudness = np.exp(0.9 * np.log(loudness) + 0.2 * rng.standard_normal())
        shock = loudness * rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]])
        values[t] = 0.5 * values[t - 1] + shock
    index = pd.period_range("1990Q1", periods=120, freq="Q")
    return pd.DataFrame(values, index=index, columns=["growth", "inflation"])


def with_holes() -> pd.DataFrame:
    """Known late, not known inside, and a ragged edge."""
    panel = economy()
    panel.iloc[:5, 0] = np.nan
    panel.iloc[60:62, 1] = np.nan
    panel.iloc[-2:, 0] = np.nan
    return panel


PANELS = {
    "quarters": economy,
    "dates": lambda: economy().set_axis(pd.date_range("1990", periods=120, freq="QS")),
    "holes": with_holes,
    "one series": lambda: economy()[["growth"]],
}


@cache
def fitted(name: str, kind: str) -> Forecaster:
    return MODELS[name]().fit(PANELS[kind]())


def draw(name: str, kind: str = "quarters", seed: int = 7):
    rng = np.random.default_rng(seed)
    return fitted(name, kind).sample(PANELS[kind](), horizon=HORIZON, paths=PATHS, rng=rng)


def test_model_and_forecaster_are_what_they_say(name):
    assert isinstance(MODELS[name](), Model)
    assert isinstance(fitted(name, "quarters"), Forecaster)


@pytest.mark.parametrize("kind", PANELS)
def test_forecast_continues_the_history(name, kind):
    forecast, panel = draw(name, kind), PANELS[kind]()
    assert forecast.samples.shape == (PATHS, HORIZON, panel.shape[1])
    assert forecast.names == tuple(panel.columns)
    later = panel.index.append(forecast.index)
    assert type(forecast.index) is type(panel.index)
    start = later[0]
    make = pd.period_range if isinstance(later, pd.PeriodIndex) else pd.date_range
    assert later.equals(make(start, periods=len(later), freq=panel.index.freq))


@pytest.mark.parametrize("kind", PANELS)
def test_paths_are_finite_and_differ(name, kind):
    samples = draw(name, kind).samples
    assert np.isfinite(samples).all()
    assert (samples.std(axis=0) > 0).all()


def test_seed_alone_decides_the_draw(name):
    first = draw(name).samples
    np.testing.assert_array_equal(first, draw(name).samples)
    assert not np.array_equal(first, draw(name, seed=8).samples)


def test_fitting_twice_gives_the_same_digits(name):
    again = MODELS[name]().fit(economy())
    rng = np.random.default_rng(7)
    samples = again.sample(economy(), horizon=HORIZON, paths=PATHS, rng=rng).samples
    np.testing.assert_array_equal(samples, draw(name).samples)


def test_inputs_are_left_alone(name):
    panel = with_holes()
    before = panel.copy()
    fitted(name, "holes").sample(panel, horizon=2, paths=3, rng=np.random.default_rng(0))
    MODELS[name]().fit(panel)
    pd.testing.assert_frame_equal(panel, before)


def test_what_comes_after_the_origin_changes_no_digit(name):
    """The rows after the origin lie in the same memory as the rows before it."""
    digits = []
    for later in (0.0, 1e6):
        panel = economy()
        panel.iloc[100:] = later
        known = panel.iloc[:100]
        rng = np.random.default_rng(3)
        forecast = MODELS[name]().fit(known).sample(known, horizon=HORIZON, paths=PATHS, rng=rng)
        digits.append(forecast.samples)
    np.testing.assert_array_equal(*digits)


def test_sampling_estimates_nothing(name):
    """A fitted model is the same after it has sampled from another history."""
    before = draw(name).samples
    other = economy(seed=1).iloc[:90]
    fitted(name, "quarters").sample(other, horizon=2, paths=3, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(draw(name).samples, before)


def test_a_fitted_model_says_in_a_line_what_it_is(name):
    told = repr(fitted(name, "quarters"))
    assert "fitted to growth, inflation" in told
    assert "\n" not in told
    assert len(told) < 300


def test_columns_in_another_order_are_the_same_series(name):
    turned = economy()[["inflation", "growth"]]
    rng = np.random.default_rng(7)
    forecast = fitted(name, "quarters").sample(turned, horizon=HORIZON, paths=PATHS, rng=rng)
    np.testing.assert_array_equal(
        forecast.select("growth").samples, draw(name).select("growth").samples
    )


def test_a_history_without_one_of_the_series_is_refused_by_name(name):
    with pytest.raises(ValueError, match="inflation"):
        fitted(name, "quarters").sample(
            economy()[["growth"]], horizon=2, paths=3, rng=np.random.default_rng(0)
        )


def test_paths_follow_the_units_of_the_series(name):
    """A series measured in hundredths has a hundred times the spread, about a shifted middle."""
    panel = economy()
    scaled = 100 * panel + 1000
    rng = np.random.default_rng(7)
    samples = MODELS[name]().fit(scaled).sample(scaled, horizon=4, paths=400, rng=rng).samples
    rng = np.random.default_rng(7)
    plain = fitted(name, "quarters").sample(panel, horizon=4, paths=400, rng=rng).samples
    np.testing.assert_allclose(samples.std(axis=0), 100 * plain.std(axis=0), rtol=0.1)
    np.testing.assert_allclose(samples.mean(axis=0), 100 * plain.mean(axis=0) + 1000, atol=20)
