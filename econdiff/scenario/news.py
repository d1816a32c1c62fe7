"""Which release moved the forecast, and by how much.

    new - old forecast = revisions of older data + sum over releases of K_j (x_j - E x_j) + rest

the news decomposition of Banbura and Modugno (2014), section 2.3, exact for a Gaussian law. What is
expected of a release is expected of the old data as they stand now; revisions are taken series by
series, in the order of the panel. The rest is what figures say beyond their surprise, of volatility
above all, where a model listens. For other laws `drawn_news` asks the model itself, release by
release.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from econdiff.forecast import Forecaster, long_table
from econdiff.periods import period_labels
from econdiff.scenario.attribution import sequential, shapley
from econdiff.scenario.binding import BoundScenario, bind, linear_scale
from econdiff.scenario.conditional import inside
from econdiff.scenario.errors import ScenarioError
from econdiff.scenario.gaussian import Gaussian
from econdiff.scenario.law import Law, law_of
from econdiff.scenario.pins import Pins
from econdiff.scenario.statement import Scenario, cell
from econdiff.transforms import TransformedForecaster


@dataclass(frozen=True, eq=False)
class News:
    """Contributions of releases and of revisions to each target cell, and what they add up to.

    `old`, `new` and `rest` are [period x series] over the horizon, on the scale of the model's link
    (levels, 100 times logarithms, or the shadow rate of a series with a floor); `new - old` is the
    sum of the revisions, the releases and the rest.
    """

    releases: pd.DataFrame  # series, period, surprise, target, at, contribution
    revisions: pd.DataFrame  # series, target, at, contribution
    old: pd.DataFrame
    new: pd.DataFrame
    rest: pd.DataFrame


def news(
    forecaster: Forecaster,
    old: pd.DataFrame,
    new: pd.DataFrame,
    *,
    horizon: int,
    edge: bool = False,
) -> News:
    """Decompose the revision of the mean from the history `old` to the later one `new`.

    `horizon` counts from the end of `new`; with `edge` the rows of its ragged edge come before.
    Releases are the cells that `new` knows and `old` does not; revisions are of cells that both
    know.
    """
    revised = _revised(old, new)
    law, bound, pins = _released(forecaster, revised, new, horizon)
    before = law.gaussian().given(bound.facts)
    surprise = pins.value - pins.matrix @ before.mean
    moved = before.gain(pins) * surprise if len(pins) else np.zeros((len(before.mean), 0))
    now, place = _law(forecaster, new, horizon)
    count = place.steps if edge else horizon
    wide = linear_scale(bound, moved)[-count:]  # [step, series, release]
    after = _levels(now.gaussian().given(place.facts), place)[-count:]
    changes = _changes(forecaster, old, revised, horizon + len(new) - len(old), count)
    start = _levels(before, bound)[-count:] - sum(changes.values())
    rest = after - start - sum(changes.values()) - wide.sum(axis=2)
    index = place.index if edge else place.index_of(edge=False)
    names, labels = list(bound.names), period_labels(index)
    released = [
        {"series": pins.series[j], "period": pins.periods[j], "surprise": surprise[j]} | target
        for j in range(len(pins))
        for target in _cells(wide[..., j], names, labels)
    ]
    again = [
        {"series": name} | target
        for name, change in changes.items()
        for target in _cells(change, names, labels)
    ]
    frames = [pd.DataFrame(a, index=index, columns=names) for a in (start, after, rest)]
    columns = ["target", "at", "contribution"]
    return News(
        pd.DataFrame(released, columns=["series", "period", "surprise", *columns]),
        pd.DataFrame(again, columns=["series", *columns]),
        *frames,
    )


def _cells(table: np.ndarray, names: list[str], labels: list[str]) -> list[dict[str, object]]:
    """A table [step, series] cell by cell."""
    return [
        {"target": name, "at": label, "contribution": table[t, k]}
        for k, name in enumerate(names)
        for t, label in enumerate(labels)
    ]


def _revised(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The cells that `old` knows, as `new` has them."""
    missing = [name for name in new.columns if name not in old.columns]
    if missing:
        raise ScenarioError(f"the older vintage lacks the series {missing}")
    if len(new) < len(old) or not new.index[: len(old)].equals(old.index):
        raise ScenarioError(
            f"the new history must hold the periods of the old one, and may add some: it runs from "
            f"{new.index[0]} to {new.index[-1]}, the old one from {old.index[0]} to {old.index[-1]}"
        )
    known = old[list(new.columns)].notna()
    return pd.DataFrame(new.iloc[: len(old)]).where(known)


def _changes(
    forecaster: Forecaster, old: pd.DataFrame, revised: pd.DataFrame, horizon: int, count: int
) -> dict[str, np.ndarray]:
    """What each series' revisions do to the mean of the last `count` steps, one after another.

    [step, series]; of rows that are complete at a stage the mean is what they hold.
    """
    names = list(revised.columns)
    touched = [name for name in names if not old[name].equals(revised[name])]
    stage = pd.DataFrame(old[names])

    def mean(stage: pd.DataFrame) -> np.ndarray:
        law, bound = _law(forecaster, stage, horizon)
        levels = _levels(law.gaussian().given(bound.facts), bound)[-count:]
        known = bound.start.iloc[len(bound.start) - (count - len(levels)) :]
        return np.vstack([_linked(known, bound), levels])

    now, found = mean(stage) if touched else np.zeros(0), {}
    for name in touched:
        before, stage = now, stage.assign(**{str(name): revised[name]})
        now = mean(stage)
        found[str(name)] = now - before
    return found


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
    law, bound, pins = _released(forecaster, _revised(old, new), new, horizon)
    if not len(pins):
        raise ScenarioError("the new history knows no cell that the old one does not: no news")

    def value(group: tuple[str, ...]) -> np.ndarray:
        kept = pins.keep(np.array([label in group for label in pins.labels], bool))
        told = law.draw(bound.facts, kept, "hard", paths, np.random.default_rng(seed))
        return told.alternative.mean(axis=0)

    how = "Shapley" if len(pins) <= most else "sequential"
    found = (shapley if how == "Shapley" else sequential)(value, pins.labels)
    index = bound.index_of(edge=False)[-horizon:]
    tables = [
        long_table(
            bound.names,
            index,  # pyright: ignore[reportArgumentType]
            {
                "release": release,
                "contribution": linear_scale(bound, moved)[-horizon:],
                "how": how,
            },
        )
        for release, moved in found.items()
    ]
    return pd.concat(tables, ignore_index=True)


def _released(
    forecaster: Forecaster, old: pd.DataFrame, new: pd.DataFrame, horizon: int
) -> tuple[Law, BoundScenario, Pins]:
    """The law after `old`, where its cells stand, and the releases as pins on them."""
    later = len(new) - len(old)
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


def _law(forecaster: Forecaster, history: pd.DataFrame, horizon: int) -> tuple[Law, BoundScenario]:
    """The law after `history`, and where its cells stand."""
    model, transforms, _ = inside(forecaster)
    bound = bind(Scenario(), history, horizon, transforms)
    start = bound.start
    if isinstance(forecaster, TransformedForecaster):
        start = forecaster.to_model(start)
    return law_of(model, start, bound.steps), bound


def _linked(known: pd.DataFrame, bound: BoundScenario) -> np.ndarray:
    """Rows of the history on the scale of the link, [row, series]; logarithms times 100."""
    columns = [
        transform.link(known[name].to_numpy(float)) * (100 if transform.log else 1)
        for name, transform in bound.transforms.items()
    ]
    return np.stack(columns, axis=-1)


def _levels(law: Gaussian, bound: BoundScenario) -> np.ndarray:
    """The mean on the scale of the link, [step, series]; logarithms times 100."""
    cells = law.mean.reshape(bound.steps, -1)
    out = np.empty_like(cells)
    for k, (name, transform) in enumerate(bound.transforms.items()):
        offset, matrix = transform.linear(bound.start[name].to_numpy(float), bound.steps)
        out[:, k] = (offset + matrix @ cells[:, k]) * (100 if transform.log else 1)
    return out
