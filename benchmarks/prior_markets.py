"""How the simulated markets were set: by moments of daily returns before 2003.

    python benchmarks/prior_markets.py [--data ../shared/data]

Windows of 1000 days of the S&P 500 (1936 to 2002-12-26) and of the twenty stocks that skfolio
bundles (1990 to 2002-12-26), half the weight each, against simulated markets of that length. Of
each series: autocorrelation of absolute returns and their correlation with earlier returns
(leverage), by lag; tails, skewness; how much the size of a month's returns moves. Of panels of
four: correlation of returns, of their sizes and of months' sizes. The distance is the mean gap
between five quantiles, in units of the real interquartile range. Nothing after 2002 is read; with
`--index` nothing after 1984, and no stock.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from skfolio.datasets import load_sp500_dataset

from econdiff.pretrain.economies import simulate
from econdiff.pretrain.prior import Prior

FIRST, LAST, DAYS, MONTH, PANEL = "1936", "2002-12-26", 1000, 20, 4
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
LAGS = {"1": range(1, 2), "2-5": range(2, 6), "6-20": range(6, 21), "21-60": range(21, 61)}


def moments(returns: np.ndarray) -> dict[str, float]:
    """Of one series, [day]; returns beyond eight deviations count as eight."""
    r = returns - returns.mean()
    r = np.clip(r, -8 * r.std(), 8 * r.std())
    size = np.abs(r)

    def follows(past: np.ndarray, lags: range) -> float:
        return float(np.mean([np.corrcoef(size[k:], past[:-k])[0, 1] for k in lags]))

    found = {f"sizes, lag {name}": follows(size, lags) for name, lags in LAGS.items()}
    found |= {f"leverage, lag {name}": follows(r, lags) for name, lags in LAGS.items()}
    months = log_sizes(r)
    return found | {
        "log kurtosis / 3": float(np.log((r**4).mean() / (r**2).mean() ** 2 / 3)),
        "skewness": float((r**3).mean() / (r**2).mean() ** 1.5),
        "log size of months": float(months.std()),
        "... its change": float(np.diff(months).std()),
    }


def log_sizes(returns: np.ndarray) -> np.ndarray:
    """Log mean absolute return of each month, [..., month]."""
    months = returns.shape[-1] // MONTH
    cut = np.abs(returns[..., : months * MONTH])
    return np.log(1e-5 + cut.reshape(*returns.shape[:-1], months, MONTH).mean(-1))


def together(returns: np.ndarray) -> dict[str, float]:
    """Mean correlations across the series of one panel [series, day]."""
    apart = ~np.eye(len(returns), dtype=bool)
    views = {
        "returns across": returns,
        "sizes across": np.abs(returns),
        "months' sizes across": log_sizes(returns),
    }
    return {name: float(np.corrcoef(x)[apart].mean()) for name, x in views.items()}


def index_windows(data: Path, last: str) -> pd.DataFrame:
    """Moments of windows of the S&P 500 up to `last`, [window x moment]."""
    table = pd.read_csv(data / "markets" / "etf_index_close_volume_to_2025-06.csv.gz")
    symbol, date, close = table.columns[:3]
    index = table[table[symbol] == "^GSPC"].set_index(date)[close].sort_index()
    index.index = pd.to_datetime(index.index)
    y = 100 * np.log(index[index > 0]).diff()[FIRST:last].to_numpy()
    return pd.DataFrame([moments(y[k : k + DAYS]) for k in range(0, len(y) - DAYS + 1, 300)])


def stock_windows() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Moments of windows of stocks up to LAST, [window x moment], and of panels of them."""
    stocks = 100 * np.log(load_sp500_dataset()[:LAST]).diff().dropna().to_numpy().T
    starts = range(0, stocks.shape[1] - DAYS + 1, DAYS)
    alone = [moments(y[k : k + DAYS]) for y in stocks for k in starts]
    rng, panels = np.random.default_rng(0), []
    for _ in range(60):
        some, start = rng.permutation(len(stocks))[:PANEL], rng.integers(stocks.shape[1] - DAYS)
        panels.append(together(stocks[some, start : start + DAYS]))
    return pd.DataFrame(alone), pd.DataFrame(panels)


def simulated(economies: int = 400) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same of simulated markets."""
    rng = np.random.default_rng(1)
    y = simulate(economies, PANEL, DAYS, rng, Prior(markets=1.0)).astype(float)
    alone = [moments(x) for x in y[:, :2].reshape(-1, DAYS)]
    return pd.DataFrame(alone), pd.DataFrame([together(panel) for panel in y])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--index", action="store_true", help="the S&P 500 to 1984 alone")
    options = parser.parse_args()
    if options.index:
        pairs = [(index_windows(options.data, "1984"), simulated()[0])]
    else:
        stocks, panels = stock_windows()
        index = index_windows(options.data, LAST)
        many = max(1, round(len(stocks) / len(index)))
        pairs = list(zip((pd.concat([index] * many + [stocks]), panels), simulated(), strict=True))
    rows = []
    for theirs, ours in pairs:
        for name in theirs:
            a, b = (x[name].quantile(list(QUANTILES)).to_numpy() for x in (theirs, ours))
            gap = np.abs(a - b).mean() / (a[3] - a[1])
            rows.append([name, *(" ".join(f"{v:.2f}" for v in q) for q in (a, b)), round(gap, 2)])
    table = pd.DataFrame(rows, columns=["moment", "real", "simulated", "distance"])
    print(f"quantiles at {QUANTILES}\n{table.to_string(index=False)}")
    print(f"mean distance {table['distance'].mean():.3f}")


if __name__ == "__main__":
    main()
