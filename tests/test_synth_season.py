"""Seasons are found to the digit, kept over any length, and not made up."""

import numpy as np
import pandas as pd
import pytest

from econdiff.synth import Condition, GaussianPanel, PanelLaw, read_entities
from econdiff.synth.season import season_of, seasons, without_seasons

SEASON = np.array([-3.0, 1.0, 0.5, 1.5])


def regions(season=SEASON, start="2001Q2", entities=12, length=48, freq="Q"):
    """A random walk of little noise and one of much, positive, both with a season; and noise."""
    rng, index = np.random.default_rng(0), pd.period_range(start, periods=length, freq=freq)
    walks = 0.1 * rng.standard_normal((entities, length, 2)).cumsum(axis=1)
    walks = walks + season[season_of(index)][:, None]
    return read_entities(
        pd.DataFrame(
            {
                "region": np.repeat(np.arange(entities), length),
                "date": np.tile(index.astype(str), entities),
                "rate": walks[..., 0].ravel(),
                "sales": np.exp(2 + 0.1 * walks[..., 1]).ravel(),
                "noise": rng.standard_normal(entities * length),
            }
        ),
        entity="region",
        positive=["sales"],
    )


def changes(values, index, late=12):
    """Mean change by season over the last `late` periods, whatever comes before [..., time]."""
    step, at = np.diff(values)[..., -late:], season_of(index)[-late:]
    return [float(step[..., at == season].mean()) for season in range(4)]


def test_a_season_on_a_trend_is_found_to_the_digit():
    index = pd.period_range("2001Q2", periods=41, freq="Q")
    wave = np.tile([0.01, -0.01], 21)[:41].cumsum()  # of changes, the same in every season
    path = SEASON[season_of(index)] + 0.2 * np.arange(41)
    odd = np.where(np.arange(41) // 4 % 2, 0.3, -0.3)  # by years
    found = seasons(np.stack([path + 0 * wave, path + odd, wave], axis=-1)[None], index)
    np.testing.assert_array_equal(found[:, 0], 0)  # the calendar alone: left to its lags
    np.testing.assert_allclose(found[:, 1], SEASON, atol=0.1)
    months = pd.period_range("2001-05", periods=96, freq="M")
    rng = np.random.default_rng(0)
    w = rng.standard_normal((3, 96, 1)).cumsum(axis=1)
    assert not seasons(w, months).any()
    moved = w + np.arange(12.0)[season_of(months)][:, None]
    change = np.diff(seasons(moved, months)[:, 0])
    by_month = np.diff(moved, axis=1).mean(axis=0)[:, 0]
    own = [by_month[season_of(months)[1:] == month].mean() for month in range(12)]
    np.testing.assert_allclose(change, np.array(own[1:]) - np.mean(own), rtol=1e-9)


def test_years_and_days_have_no_season(rng):
    w = rng.standard_normal((1, 40, 1)) + 9 * (np.arange(40) % 4 == 0)[:, None]
    for freq in ("Y", "D", "W"):
        index = pd.period_range("2001-01-01", periods=40, freq=freq)
        assert not seasons(w, index).any()


def test_a_panel_without_a_season_is_left_as_it_is():
    panel = regions(season=np.zeros(4))
    kept, found = without_seasons(panel)
    assert kept is panel
    assert not found.any()


@pytest.mark.parametrize("start", ["anew", "last"])
def test_a_season_does_not_fade(start):
    panel = regions()
    panel.values[::3, :11] = np.nan  # late entrants
    fitted = GaussianPanel(PanelLaw(rounds=1)).fit(panel)
    rng = np.random.default_rng(0)
    made = fitted.sample(panels=20, rng=rng, length=90, start=start)
    assert made.provenance["season"] == "rate and sales"
    rise = np.diff(SEASON, prepend=SEASON[-1])
    found = changes(made.values[..., 0], made.index)
    np.testing.assert_allclose(found, rise, atol=0.1)
    found = changes(np.log(made.values[..., 1]), made.index)
    np.testing.assert_allclose(found, 0.1 * rise, atol=0.01)
    assert made.values[..., 1].min() > 0


def test_given_values_hold_to_the_digit_on_top_of_a_season():
    panel = regions()
    fitted = GaussianPanel(PanelLaw(rounds=1)).fit(panel)
    told = pd.DataFrame({"sales": [7.0, 9.0]}, index=panel.index[[5, 30]])
    made = fitted.sample(panels=2, rng=np.random.default_rng(0), condition=Condition(paths=told))
    np.testing.assert_allclose(made.values[:, :, [5, 30], 1].mean(axis=1), [[7, 9]] * 2, rtol=1e-8)
