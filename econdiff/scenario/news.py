"""Which release moved the forecast, and by how much.

    new forecast - old forecast = sum over releases of  K_j (x_j - E[x_j | old data])  +  rest

the news decomposition of Banbura and Modugno (2014), section 2.3, exact for a Gaussian law. The
rest is what revisions of older data do, and in models whose volatility is filtered what the release
says of volatility. For other laws `drawn_news` asks the model itself, release by release.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.forecast import Forecaster, period_labels
from econdiff.scenario.attribution import sequential, shapley
from econdiff.scenario.binding import Bound, bind, linear_scale
from econdiff.scenario.conditional import inside
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.law import Law, law_of
from econdiff.scenario.pins import Pins
from econdiff.scenario.statement import Scenario, cell
from econdiff.transforms import TransformedForecaster


@dataclass(frozen=True, eq=False)
class News:
    """`releases`: release, series, period, expected, actual, surprise, and a column a target cell.

    `old`, `new` and `rest` are [period x series] over the horizon, on the scale of the model's link
    (levels, or 100 times logarithms), `new - old` being the sum of the releases and the rest.
    """

    releases: pd.DataFrame  # series, period, surprise, target, at, contribution
    old: pd.DataFrame
    new: pd.DataFrame
    rest: pd.DataFrame


def news(forecaster: Forecaster, old: pd.DataFrame, new: pd.DataFrame, *, horizon: int) -> News:
    """Decompose the revision of the mean from the history `old` to the later one `new`.

    `horizon` counts from the end of `new`. The releases are the cells that `new` knows and `old`
    does not.
    """
    law, bound, pins = _released(forecaster, old, new, horizon)
    before = law.gaussian().given(bound.facts)
    surprise = pins.value - pins.matrix @ before.mean
    moved = before.gain(pins) * surprise if len(pins) else np.zeros((len(before.mean), 0))
    wide = linear_scale(bound, moved)[-horizon:]  # [step, series, release]
    index = bound.index[-horizon:]
    now, place = _law(forecaster, new, horizon)
    after = _levels(now.gaussian().given(place.facts), place, horizon)
    prior = _levels(before, bound, horizon)
    rest = after - prior - wide.sum(axis=2)
    rows = [
        {
            "series": pins.series[j],
            "period": pins.periods[j],
            "surprise": surprise[j],
            "target": name,
            "at": label,
            "contribution": wide[t, k, j],
        }
        for j in range(len(pins))
        for k, name in enumerate(bound.names)
        for t, label in enumerate(period_labels(place.index_of(edge=False)))
    ]
    names = list(bound.names)
    frames = [pd.DataFrame(a, index=index, columns=names) for a in (prior, after, rest)]
    return News(pd.DataFrame(rows), *frames)


def drawn_news(
    forecaster: Forecaster,
    old: pd.DataFrame,
    new: pd.DataFrame,
    *,
    horizon: int,
    paths: int,
    seed: int,
    most: int = 4,
) -> pd.DataFrame:
    """`release, series, period, contribution, how` from conditional forecasts of any law.

    By Shapley's value up to `most` releases, beyond that in the order of the panel; every forecast
    draws `paths` from `seed`. The scale is that of `news`, and so is what is left to the rest.
    """
    law, bound, pins = _released(forecaster, old, new, horizon)
    if not len(pins):
        raise ScenarioError("the new history knows no cell that the old one does not: no news")

    def value(group: tuple[str, ...]) -> np.ndarray:
        kept = pins.keep(np.array([label in group for label in pins.labels], bool))
        told = law.told(bound.facts, kept, "hard", paths, np.random.default_rng(seed))
        return told.alternative.mean(axis=0)

    how = "Shapley" if len(pins) <= most else "sequential"
    found = (shapley if how == "Shapley" else sequential)(value, pins.labels)
    labels = period_labels(bound.index_of(edge=False))[-horizon:]
    index = pd.MultiIndex.from_product([bound.names, labels], names=["series", "period"])
    tables = [
        pd.DataFrame(
            {
                "release": release,
                "contribution": linear_scale(bound, moved)[-horizon:].T.ravel(),
                "how": how,
            },
            index=index,
        ).reset_index()
        for release, moved in found.items()
    ]
    return pd.concat(tables, ignore_index=True)


def _released(
    forecaster: Forecaster, old: pd.DataFrame, new: pd.DataFrame, horizon: int
) -> tuple[Law, Bound, Pins]:
    """The law after `old`, where its cells stand, and the releases as pins on them."""
    later = len(new) - len(old)
    if later < 0 or not new.index[: len(old)].equals(old.index):
        raise ScenarioError(
            "the new history must hold the periods of the old one, and may add some"
        )
    law, bound = _law(forecaster, old, horizon + later)
    released = [
        cell(str(name), period, float(new.loc[period, name]))  # pyright: ignore[reportArgumentType]
        for name in bound.names
        for period in bound.index
        if _known(new, name, period) and not _known(old, name, period)
    ]
    return law, bound, bind(Scenario(tuple(released)), old, horizon + later, bound.transforms).pins


def _known(history: pd.DataFrame, name: str, period: object) -> bool:
    return period in history.index and bool(history[name].notna()[period])


def _law(forecaster: Forecaster, history: pd.DataFrame, horizon: int) -> tuple[Law, Bound]:
    """The law after `history`, and where its cells stand."""
    model, transforms, _ = inside(forecaster)
    bound = bind(Scenario(), history, horizon, transforms)
    start = bound.start
    if isinstance(forecaster, TransformedForecaster):
        start = forecaster.to_model(start)
    return law_of(model, start, bound.steps), bound


def _levels(law: Gaussian, bound: Bound, horizon: int) -> np.ndarray:
    """The mean on the scale of the link, [step, series]; logarithms times 100."""
    cells = law.mean.reshape(bound.steps, -1)
    out = np.empty_like(cells)
    for k, (name, transform) in enumerate(bound.transforms.items()):
        offset, matrix = transform.linear(bound.start[name].to_numpy(float), bound.steps)
        log = transform.link(np.array([2.0]))[0] != 2.0
        out[:, k] = (offset + matrix @ cells[:, k]) * (100 if log else 1)
    return out[-horizon:]
