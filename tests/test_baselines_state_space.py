"""ARIMA, ETS and the factor model against statsmodels' own forecasts."""

import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.stattools import kpss as statsmodels_kpss

from econdiff.baselines.arima import ARIMA, differences, kpss
from econdiff.baselines.dfm import DFM
from econdiff.baselines.ets import ETS

PATHS = 60_000


@pytest.fixture
def walk(rng) -> pd.DataFrame:
    """A trending series, and one that comes back to its mean."""
    values = rng.multivariate_normal([0.5, 0], [[1, 0.7], [0.7, 1]], size=120)
    values[:, 0] = values[:, 0].cumsum()
    index = pd.period_range("1990Q1", periods=120, freq="Q")
    return pd.DataFrame(values, index=index, columns=["level", "noise"])


def test_kpss_is_the_statistic_of_statsmodels(walk):
    lags = int(4 * (120 / 100) ** 0.25)
    for column in walk:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of p values outside its table
            expected = statsmodels_kpss(walk[column], nlags=lags)[0]
        assert kpss(walk[column].to_numpy()) == pytest.approx(expected)


def test_a_series_is_differenced_until_it_is_stationary(walk):
    assert differences(walk["noise"].to_numpy()) == 0
    assert differences(walk["level"].to_numpy()) == 1
    assert differences(walk["level"].to_numpy().cumsum()) == 2


def test_arima_keeps_the_least_corrected_akaike_criterion(walk):
    fitted = ARIMA(max_p=1, max_q=0).fit(walk[["level"]])
    y = (walk["level"] - walk["level"].mean()) / walk["level"].std(ddof=0)
    criteria = {}
    for p in range(2):
        for trend in "nc":
            model = SARIMAX(y.to_numpy(), order=(p, 1, 0), trend=trend, simple_differencing=True)
            criteria[p, trend] = model.fit(disp=0).aicc
    p, trend = min(criteria, key=lambda key: criteria[key])
    assert fitted.laws[0].make.keywords == {"order": (p, 1, 0), "trend": trend}


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("model", [ARIMA(max_p=1, max_q=1), ETS()], ids=str)
def test_each_series_has_the_mean_and_variance_of_statsmodels(model, ragged, walk, rng):
    fitted = model.fit(walk)
    if ragged:
        walk.iloc[-2:, 0] = np.nan
    samples = fitted.sample(walk, horizon=4, paths=PATHS, rng=rng).samples
    for i, law in enumerate(fitted.laws):
        y = (walk.iloc[:, i].to_numpy() - law.centre) / law.scale
        theirs = law.make(y).filter(law.params).get_forecast(4)
        mean, deviation = theirs.predicted_mean, np.sqrt(theirs.var_pred_mean)
        ours = (samples[..., i] - law.centre) / law.scale
        np.testing.assert_allclose(ours.mean(axis=0), mean, atol=0.02 * deviation.max())
        np.testing.assert_allclose(ours.std(axis=0), deviation, rtol=0.02)


@pytest.mark.parametrize("model", [ARIMA(max_p=0, max_q=0), ETS()], ids=str)
def test_shocks_of_several_series_move_together(model, walk, rng):
    first = model.fit(walk).sample(walk, horizon=1, paths=PATHS, rng=rng).samples[:, 0]
    assert np.corrcoef(first.T)[0, 1] == pytest.approx(0.7, abs=0.12)


def test_ets_knows_a_trend_where_there_is_one(rng):
    t = np.arange(60)
    index = pd.period_range("1990Q1", periods=60, freq="Q")
    panel = pd.DataFrame({"up": 2.0 * t + rng.standard_normal(60)}, index=index)
    fitted = ETS().fit(panel)
    assert fitted.laws[0].label == "ETS(A,A,N)"
    mean = fitted.sample(panel, horizon=5, paths=1000, rng=rng).mean()["up"]
    np.testing.assert_allclose(mean, 2.0 * np.arange(60, 65), atol=1.5)


def test_the_factor_model_has_the_moments_of_statsmodels(rng):
    factor = np.zeros(120)
    for t in range(1, 120):
        factor[t] = 0.8 * factor[t - 1] + rng.standard_normal()
    values = factor[:, None] * [1, 2, 3] + rng.standard_normal((120, 3))
    values[-1, 0] = np.nan
    index = pd.period_range("1990Q1", periods=120, freq="Q")
    panel = pd.DataFrame(values, index=index, columns=list("abc"))
    fitted = DFM().fit(panel)
    samples = fitted.sample(panel, horizon=3, paths=PATHS, rng=rng).samples
    x = (values - fitted.centre) / fitted.scale
    later = np.vstack([x, np.full((3, 3), np.nan)])  # a forecast is a filter that sees nothing
    theirs = fitted.make(later).filter(fitted.params)
    ours = (samples - fitted.centre) / fitted.scale
    np.testing.assert_allclose(ours.mean(axis=0), theirs.forecasts[:, -3:].T, atol=0.02)
    for step in range(3):
        expected = theirs.forecasts_error_cov[..., step - 3]
        np.testing.assert_allclose(np.cov(ours[:, step].T), expected, atol=0.02)


@pytest.mark.parametrize(("seed", "drift", "factors"), [(3, 0, 1), (6, 0.5, 1), (7, 0.5, 2)])
def test_a_factor_model_of_random_walks_goes_on_from_their_last_values(seed, drift, factors):
    shocks = np.random.default_rng(seed).normal(size=(160, 3))
    together = np.array([[1, 0.5, 0.5], [0, 1, 0.5], [0, 0, 1]]) if drift else np.eye(3)
    index = pd.period_range("1980Q1", periods=160, freq="Q")
    panel = pd.DataFrame((drift + shocks @ together).cumsum(axis=0), index, list("abc"))
    fitted = DFM(factors=factors).fit(panel)
    model = fitted.make((panel.to_numpy() - fitted.centre) / fitted.scale)
    model.update(fitted.params)
    roots = np.abs(np.linalg.eigvals(model.ssm["transition"]))
    assert roots.max() == pytest.approx(0.999)  # EM's own were above 1
    drawn = fitted.sample(panel, horizon=1, paths=400, rng=np.random.default_rng(0))
    off = (drawn.samples[:, 0].mean(axis=0) - panel.iloc[-1]) / panel.diff().std()
    assert (off.abs() < 1).all()


@pytest.mark.parametrize("model", [ARIMA(), ETS()], ids=str)
def test_a_short_series_is_named(model, walk):
    walk.iloc[:-10, 1] = np.nan
    with pytest.raises(ValueError, match=r"'noise' needs at least \d+ known values"):
        model.fit(walk)
