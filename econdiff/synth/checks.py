"""What no generator can use of a panel, in words that say what to mend."""

import numpy as np
import pandas as pd

from econdiff.periods import period_labels
from econdiff.synth.bounds import Bounds, words
from econdiff.synth.coordinates import Coordinates
from econdiff.synth.effects import grouping
from econdiff.synth.errors import SynthError
from econdiff.synth.identity import Identity
from econdiff.synth.panel import EntityPanel

ROUNDING = 1e-4  # an identity may miss by this share of the total's deviation: published rounding
DECIMALS = 6  # of published shares, at most
ALIKE = 1e-6  # what a coordinate has of its own, in its deviations, where it follows from others


def check(panel: EntityPanel, rounding: float = ROUNDING) -> None:
    """Refuse what no generator can use, and what its own schema denies."""
    schema, values = panel.schema, panel.values
    known = np.isfinite(values)
    for place, name in enumerate(schema.series):
        endless = np.argwhere(np.isinf(values[..., place]))
        if len(endless):
            raise SynthError(
                f"{name} is infinite at {_places(panel, endless)}; mend these cells, or empty them"
            )
    for name, rows in zip(panel.entities, known.any(axis=-1).sum(axis=1), strict=True):
        if rows < 2:
            raise SynthError(
                f"the entity {name!r} has {rows} observation; a path needs two or more. "
                "Leave it out or give more of it"
            )
    for place, name in enumerate(schema.series):
        cells = values[..., place][known[..., place]]
        if len(cells) == 0 or np.ptp(cells) == 0:
            raise SynthError(f"the series {name!r} is constant; leave it out")
    coordinates = Coordinates(schema)
    for name, out in coordinates.broken(values).items():
        _check_bounds(panel, name, out, coordinates.bounds)
    for identity in schema.identities:
        _check_identity(panel, identity, rounding)


def check_whole(values: np.ndarray, coordinates: Coordinates) -> None:
    """Refuse `values` [entity, time, series] of which no entity gives two rows and their lags."""
    whole = np.asarray(np.isfinite(coordinates.inward(values)).all(axis=-1))
    if not ((whole[:, 1:] & whole[:, :-1]).sum(axis=1) < 2).all():
        return
    broken = [
        f"; {name} must be {words(*coordinates.bounds.of(name))}, and is not in {share:.0%}"
        for name, share in coordinates.outside(values).items()
        if share > 0
    ]
    mend = "Give more periods, or leave a sparse series out"
    raise SynthError(
        "no entity has two periods that, with the one before, are known in all series and keep "
        f"their rules{''.join(broken)}. "
        + ("Mend these cells (are columns swapped?)" if broken else mend)
    )


def check_law(panel: EntityPanel) -> None:
    """Refuse what keeps a law from being estimated, though it can be copied and measured."""
    for entity, place in np.argwhere(~np.isfinite(panel.values).any(axis=1)):
        raise SynthError(
            f"of {panel.entities[entity]!r} nothing is known of {panel.schema.series[place]!r}; "
            "give some of it, or leave the entity or the series out"
        )
    known = np.asarray(np.isfinite(panel.values).all(axis=-1))
    if not (known[:, 2:] & known[:, 1:-1] & known[:, :-2]).any():
        raise SynthError(
            "no entity has three periods after each other in which all series are known; without "
            "them nothing can be learned of time. Give more periods, or leave a sparse series out"
        )
    _check_statics(panel)
    _check_rank(panel)


def _check_statics(panel: EntityPanel) -> None:
    """Numbers that belong to entities are drawn jointly, and must be there for all of them."""
    for name in grouping(panel.statics)[2]:
        absent = panel.statics[name].isna().to_numpy()
        if absent.any():
            raise SynthError(
                f"the static attribute {name!r} is missing for {panel.entities[absent.argmax()]}; "
                "fill it in, or leave the column or the entity out"
            )


def _check_rank(panel: EntityPanel) -> None:
    """Refuse a coordinate that is a linear function of others within entities."""
    coordinates = Coordinates(panel.schema)
    w = coordinates.inward(panel.values)
    w = [rows[np.isfinite(rows).all(axis=-1)] for rows in w]
    x = np.concatenate([rows - rows.mean(axis=0) for rows in w if len(rows)] or w)
    if len(x) <= x.shape[1] + len(w):
        return  # too few rows to tell
    size = np.maximum(np.abs(x).max(axis=0), 1e-300)
    triangle = np.asarray(np.linalg.qr(x / size, mode="r"))
    norm = np.linalg.norm(triangle, axis=0)
    alone = np.abs(np.diag(triangle)) <= ALIKE * norm
    if not alone.any():
        return
    at = int(alone.argmax())
    weights = np.linalg.solve(triangle[:at, :at], triangle[:at, at]) * norm[:at]
    others = [
        n for n, b in zip(coordinates.names, weights, strict=False) if abs(b) > 1e-4 * norm[at]
    ]
    name = coordinates.names[at]
    if not others:
        raise SynthError(f"{name!r} does not move within any entity; leave it out")
    raise SynthError(
        f"{name!r} follows from {', '.join(others)}; leave it out, or say how they add up "
        "(--identity)"
    )


def _check_identity(panel: EntityPanel, identity: Identity, rounding: float) -> None:
    residual = identity.residual(panel.values, panel.schema.series)
    allowed = max(
        rounding * identity.deviation(panel.values, panel.schema.series),
        _published(panel, identity),
    )
    broken = np.argwhere(np.abs(np.nan_to_num(residual)) > allowed)
    if len(broken):
        worst = float(np.nanmax(np.abs(residual)))
        raise SynthError(
            f"{identity} does not hold in {len(broken)} of {int(np.isfinite(residual).sum())} "
            f"rows ({_places(panel, broken)}); the largest miss is {worst:.6g}. Mend these rows, "
            "or leave the identity out"
        )


def _published(panel: EntityPanel, identity: Identity) -> float:
    """How far shares of a number may miss it: half a unit of the last decimal of each."""
    if identity.number is None:
        return 0.0
    half = [
        weight * _last_decimal(panel.values[..., panel.schema.series.index(name)]) / 2
        for name, weight in identity.parts.items()
    ]
    return float(np.abs(half).sum()) * (1 + 1e-9)


def _last_decimal(cells: np.ndarray) -> float:
    """The unit of the last decimal that cells are written with; 0 for more than six."""
    known = cells[np.isfinite(cells)]
    for decimals in range(DECIMALS + 1):
        if np.allclose(known, known.round(decimals), rtol=0, atol=1e-9):
            return 10.0**-decimals
    return 0.0


def _check_bounds(panel: EntityPanel, name: str, out: np.ndarray, bounds: Bounds) -> None:
    if out.any():
        raise SynthError(
            f"{name} must be {words(*bounds.of(name))}, and is not at "
            f"{_places(panel, np.argwhere(out))}; mend these rows, or leave the rule out"
        )
    series = panel.schema.series
    for other in bounds.by(name):
        gap = panel.values[..., series.index(name)] - panel.values[..., series.index(other)]
        if not np.nan_to_num(gap).any():
            raise SynthError(f"{name!r} is {other!r} in every row; leave one of them out")


def _places(panel: EntityPanel, cells: np.ndarray) -> str:
    labels = period_labels(panel.index)
    names = [""] if panel.schema.entity is None else [f"{name} " for name in panel.entities]
    shown = [names[e] + labels[t] for e, t in cells[:5]]
    return ", ".join(shown) + (f" and {len(cells) - 5} more" if len(cells) > 5 else "")


def check_kinds(
    frame: pd.DataFrame, series: tuple[str, ...], statics: list[str], entities: int
) -> None:
    """Refuse columns that are neither numbers in time nor attributes that many share."""
    if not series:
        raise SynthError("no column moves in time; at least one series is needed")
    for name in series:
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            raise SynthError(f"{name!r} is text and changes in time; leave it out or code it")
    for name in statics:
        levels = int(pd.Series(frame[name]).nunique())
        if levels <= 1 and pd.api.types.is_numeric_dtype(frame[name].dtype):
            raise SynthError(f"the series {name!r} is constant; leave it out")
        text = not pd.api.types.is_numeric_dtype(frame[name].dtype)
        if text and entities > 1 and levels >= entities:
            raise SynthError(
                f"the static attribute {name!r} has as many levels as there are entities "
                f"({entities}): it names them. Leave it out, or make its levels coarser"
            )
