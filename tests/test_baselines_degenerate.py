"""Series that have nothing to draw are named, not drawn as NaN."""

import numpy as np
import pandas as pd
import pytest

from econdiff.baselines import BASELINES
from econdiff.baselines.climatology import FittedClimatology
from econdiff.baselines.history import complete_rows
from econdiff.commands.forecast import ForecastRequest, forecast
from econdiff.commands.reading import Reading

REFUSE = ["ar", "bvar", "bvar-sv", "dfm", "ewma-fhs", "caviar", "market-fhs", "market-factor"]


def beside(flat):
    index = pd.period_range("1990Q1", periods=len(flat), freq="Q")
    moving = np.random.default_rng(0).normal(size=len(flat))
    return pd.DataFrame({"moving": moving, "flat": flat}, index=index)


@pytest.mark.parametrize("name", REFUSE)
@pytest.mark.parametrize("flat", [np.zeros(120), np.diff(0.1 * np.arange(121))])
def test_a_series_that_is_constant_but_for_rounding_is_named(name, flat):
    with pytest.raises(ValueError, match=r"'flat' is 0.* throughout, there is nothing to draw"):
        BASELINES[name]().fit(beside(flat))


@pytest.mark.parametrize("name", ["bvar", "bvar-sv"])
def test_a_bvar_names_a_series_without_shocks(name):
    with pytest.raises(ValueError, match="'flat' follows exactly from its own past"):
        BASELINES[name]().fit(beside(0.1 * np.arange(120)))


def test_dcc_names_series_that_move_as_one():
    panel = beside(np.random.default_rng(1).normal(size=120)).set_axis(["a", "b"], axis="columns")
    with pytest.raises(ValueError, match=r"the shocks of \['b', 'twice b'\] follow from"):
        BASELINES["dcc"]().fit(panel.assign(**{"twice b": 2 * panel["b"]}))


def test_a_series_is_blamed_for_missing_rows_only_where_it_lacks_some():
    panel = beside(np.arange(20.0))
    with pytest.raises(ValueError, match=r"20 rows .* known, 30 are needed; give more rows"):
        complete_rows(panel, panel.to_numpy(), need=30)
    panel.iloc[:3, 1] = np.nan
    with pytest.raises(ValueError, match=r"17 rows .*; 'flat' is known least often"):
        complete_rows(panel, panel.to_numpy(), need=30)


class Broken:
    """A model that draws NaN for its last series."""

    def fit(self, panel):
        return FittedClimatology(tuple(panel.columns), np.array([[0.0, np.nan]]))


def test_a_forecast_that_is_not_finite_is_refused_and_nothing_is_written(tmp_path, monkeypatch):
    panel = beside(np.random.default_rng(1).normal(size=80))
    panel.to_csv(tmp_path / "panel.csv", index_label="quarter")
    monkeypatch.setattr("econdiff.commands.forecast.named_models", lambda names: {"ar": Broken()})
    reading = Reading(str(tmp_path / "panel.csv"), transform="none")
    request = ForecastRequest(reading, 2, tmp_path / "out", model="ar", against=(), origins=0)
    with pytest.raises(ValueError, match=r"drawn values are not finite, in the series \['flat'\]"):
        forecast(request, "econdiff forecast")
    assert not (tmp_path / "out").exists()
