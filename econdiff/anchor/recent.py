"""A second view of the past: the last twenty years.

What series owe to the past changes, and when cannot be told from one sample. Forecasts averaged
over windows of estimation lose little where nothing changed, and gain where something did (Pesaran
and Timmermann, 2007, "Selection of estimation window in the presence of breaks"; Pesaran and Pick,
2011, "Forecast combination across estimation windows"). So the coefficients of the anchor are the
mean of two estimates, of all rows and of the last twenty years, or of the last 80 rows where these
are more. Daily and weekly panels of usual lengths have one view.

`b` and `others` are as in `recursion`, [..., series, 2 + lags] and [..., series, other, lag].
"""

import numpy as np
import pandas as pd

from econdiff.transforms import periods_per_year

YEARS = 20
LEAST = 80  # rows of the second view, at least
KNOWN = 24  # cells of each series that are known in it, at least
NARROW = 0.1  # a view in which a series spreads by less than this share of its usual is not used


def rows_of_view(index: pd.Index) -> int:
    """Rows of the second view for a panel of that index; 0 where its frequency is not known."""
    try:
        return max(YEARS * periods_per_year(index), LEAST)
    except ValueError:
        return 0


def enough(y: np.ndarray) -> np.ndarray:
    """Whether each panel [..., series, time] is known well enough to be a view, [...]."""
    return (np.isfinite(y).sum(-1) >= KNOWN).all(-1)


def restated(
    b: np.ndarray,
    others: np.ndarray | None,
    stretch: np.ndarray,
    shift: np.ndarray,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Coefficients of levels x' = stretch x + shift [..., series], said of x."""
    constant = b[..., 0] + shift * (b[..., 1:].sum(-1) - 1)
    if others is not None:
        constant = constant + (others.sum(-1) @ shift[..., None])[..., 0]
        others = others * (stretch[..., None, :] / stretch[..., :, None])[..., None]
    return np.concatenate([(constant / stretch)[..., None], b[..., 1:]], axis=-1), others


def averaged(
    whole: tuple[np.ndarray, np.ndarray | None],
    view: tuple[np.ndarray, np.ndarray | None],
    used: np.ndarray,
) -> tuple[np.ndarray, np.ndarray | None]:
    """The mean of two estimates (b, others) where the second is `used` [...], else the first."""
    share = 0.5 * used[..., None, None]
    b = whole[0] + share * (view[0] - whole[0])
    if whole[1] is None or view[1] is None:
        return b, whole[1]
    return b, whole[1] + share[..., None] * (view[1] - whole[1])
