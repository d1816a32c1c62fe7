"""What the model is handed is checked by name and date before anything is made of it."""

import numpy as np
import pandas as pd
import pytest

from econdiff.anchor import Anchor
from econdiff.diffusion.model import Diffusion, FittedDiffusion
from econdiff.diffusion.reading import cells
from econdiff.diffusion.training import Training
from econdiff.panel import PanelError

ALONE = Diffusion(weights=None, training=Training(steps=0))


@pytest.fixture
def fitted(panel) -> FittedDiffusion:
    *_, last = ALONE.steps(panel)
    return last


def test_a_future_is_read_by_the_names_of_its_series(fitted, panel):
    history, future = panel[:-4], panel[-4:]
    turned = future[future.columns[::-1]]
    assert fitted.log_density(history, turned) == fitted.log_density(history, future)
    noise = fitted.encode(history, future)
    pd.testing.assert_frame_equal(fitted.encode(history, turned), noise)
    back = fitted.decode(history, noise[noise.columns[::-1]])
    np.testing.assert_allclose(back, future, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda future: future[::-1], "not in the order of time"),
        (
            lambda future: future.set_index(future.index + 16),
            "this history is 2024Q1 to 2024Q4, got",
        ),
        (
            lambda future: future.set_index(future.index - 1),
            "this history is 2024Q1 to 2024Q4, got",
        ),
        (
            lambda future: future.to_timestamp(),
            r"indexed by period\[Q-DEC\], the future by datetime",
        ),
        (lambda future: future.to_numpy(), "a panel is a DataFrame, got ndarray"),
        (lambda future: future.rename(columns={"growth": "other"}), "the future has"),
        (lambda future: future[["growth"]], "the future has"),
    ],
)
def test_a_future_of_other_series_or_periods_is_refused(fitted, panel, change, why):
    history, future = panel[:-4], change(panel[-4:])
    for ask in (fitted.log_density, fitted.encode, fitted.decode):
        with pytest.raises(ValueError, match=why):
            ask(history, future)


def test_dates_that_begin_later_are_refused_and_holidays_are_not(panel):
    dated = panel.set_axis(pd.date_range("1975-03-31", periods=len(panel), freq="QE"))
    *_, fitted = ALONE.steps(dated)
    with pytest.raises(ValueError, match="after this history is 2023-12-31"):
        fitted.log_density(dated[:-5], dated[-4:])
    days = panel.set_axis(pd.bdate_range("2020-01-01", periods=len(panel)))
    *_, fitted = ALONE.steps(days)
    assert np.isfinite(fitted.log_density(days[:-5], days[-4:]))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda panel: panel[::-1], "not in the order of time"),
        (lambda panel: panel.drop(panel.index[50]), "periods are missing between"),
        (lambda panel: panel.set_axis(["a", "a"], axis=1), "two series are named 'a'"),
        (lambda panel: panel.replace(panel.iloc[9, 0], np.inf), "is infinite at"),
        (lambda panel: panel["growth"], "say series.to_frame"),
        (lambda panel: panel[[]], "the panel has no series"),
        (lambda panel: panel.assign(nothing=np.nan), "'nothing' has no value in the last 200 rows"),
    ],
)
def test_a_panel_that_is_none_is_refused_by_name(panel, change, why):
    with pytest.raises(PanelError, match=why):
        ALONE.fit(change(panel))


def test_a_seed_is_no_generator_and_no_path_is_none(fitted, panel, rng):
    with pytest.raises(TypeError, match=r"say rng=np.random.default_rng\(0\)"):
        fitted.sample(panel, horizon=2, paths=3, rng=0)
    with pytest.raises(ValueError, match="paths must be at least 1, got -1"):
        fitted.sample(panel, horizon=2, paths=-1, rng=rng)
    with pytest.raises(PanelError, match="not in the order of time"):
        fitted.sample(panel[::-1], horizon=2, paths=3, rng=rng)


def test_anchors_that_cannot_be_are_refused(panel):
    with pytest.raises(ValueError, match="the network reads an anchor of 6 lags, got 4"):
        Diffusion(anchor=Anchor(lags=4))
    with pytest.raises(ValueError, match="mixture is a weight between 0 and 1, got 2"):
        Anchor(mixture=2)
    with pytest.raises(ValueError, match="30 lags need 31 rows, got 24"):
        Anchor(lags=30).fit(panel[:24])
    with pytest.raises(PanelError, match="not in the order of time"):
        Anchor().fit(panel[::-1])
    assert Anchor(lags=4).fit(panel[:24]).b.shape == (2, 6)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda told: told.set_axis(told.index.astype(str)), r"names \['2025Q1', '2025Q3'\]"),
        (lambda told: told.to_timestamp(), r"names \[Timestamp.*a PeriodIndex"),
        (lambda told: told.replace(1.0, np.inf), "'growth' is infinite at 2025Q1"),
        (lambda told: told.astype(object).replace(1.0, "one"), "'growth' holds object, not num"),
        (lambda told: told.iloc[[0, 0]], "names 2025Q1 twice"),
        (lambda told: told[["growth", "growth"]], "names growth twice"),
        (lambda told: told["growth"], "a scenario is a DataFrame, got Series"),
    ],
)
def test_a_pin_that_would_be_lost_is_refused(change, why):
    index = pd.period_range("2025Q1", periods=4, freq="Q")
    told = pd.DataFrame({"growth": [1.0, 2.0]}, index=index[[0, 2]])
    nan = np.nan
    np.testing.assert_array_equal(cells(told, index, ("growth",)), [[1, nan, 2, nan]])
    with pytest.raises(ValueError, match=why):
        cells(change(told), index, ("growth",))
