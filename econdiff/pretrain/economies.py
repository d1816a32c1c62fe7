"""Simulated economies: what the shipped weights have lived through.

Every economy is a draw from this prior. The ranges in `Prior` were set near the least distance of
moments between simulated panels and FRED-QD and FRED-MD up to 1984 (simulated moments; McFadden,
1989, *Econometrica* 57; `benchmarks/prior.py` prints it), the others by judgement. No real value
enters a simulation. Shares are of economies or of series; U is uniform on [0, 1).

own dynamics     AR(4) from roots: one real (near a unit root, 1 - .15 U^2, or -.4 to .9), a
                 second real in -.6 to .85 (60%), a complex pair of radius below .9 (35%); a break
                 of all of them
moving average   theta in -.6 to .6 (40%), as differencing and time averaging leave it
common factors   two AR(2) factors, some with a cycle of 12 to 60 periods; loadings N(0, w^2) with
                 w proportional to U^2; each series leads or lags by 0 to 4 periods
common shocks    one shared shock with loadings up to .9; spill-over of last period's shocks
                 between series
volatility       log variance is AR(1), persistence 1 - .2 U^2, moved by noise of its own, by the
                 size of the last shock (EGARCH; Nelson, 1991) and by its sign (leverage); a part
                 is shared between series with loadings 0 to 1.2
breaks           of the mean, N(0, 2^2) deviations, and of the variance
drift            the level of half of the series is a random walk; a quarter of those go one way
                 for long
regimes          a two-state Markov chain moves means and volatilities
shock laws       Gaussian or Student t with 3 to 13 degrees of freedom; two-piece skewness (40%)
rare events      jumps (25%), slips of measurement (12%), a pandemic: 4 to 25 deviations and a
                 rebound (8%)
level and noise  volatility moves with the level (15%)
publication      a floor as at the zero lower bound (6%), rounding (8%), leftover seasonality
                 (8%), convexity as of spreads and volatilities (6%), missing cells (5%),
                 unequal starts (20%)
markets          hardly any autocorrelation, persistent volatility with leverage, fat tails
"""

from dataclasses import dataclass

import numpy as np

BURN = 100
Range = float | np.ndarray  # one for all, or [economy, 1]: each economy its own


@dataclass(frozen=True, eq=False)
class Prior:
    """The ranges of which least is known beforehand; shares are of series or of economies."""

    near_unit: Range = 0.15  # share with a real root 1 - .15 U^2
    drift: Range = 0.35  # the level's random walk, deviations a period, times U^2
    breaks: Range = 0.2  # share with a break of the mean
    factors: Range = 1.5  # size of the loadings on common factors, times U^2
    changes: Range = 0.2  # share with a break of the dynamics
    volatility: Range = 1.5  # multiplies everything that moves a log variance
    shifts: Range = 0.6  # share with a break of the variance
    regimes: Range = 0.15  # share of economies with two states
    gaussian: Range = 0.2  # share of economies with Gaussian shocks
    cycles: Range = 0.5  # share of the common factors that swing like a business cycle
    spill: Range = 0.6  # share of economies in which shocks spill over with a lag
    markets: Range = 0.2  # share of economies that are markets


@dataclass(frozen=True, eq=False)
class Episode:
    """Windows of simulated economies, each seen up to its own origin.

    `history` [economy, series, window] with NaN before the sample starts and where a cell
    is missing; `future` [economy, series, step] complete.
    """

    history: np.ndarray
    future: np.ndarray


def episodes(
    economies: int,
    series: int,
    *,
    window: int,
    horizon: int,
    rng: np.random.Generator,
    prior: Prior | None = None,
) -> Episode:
    """Simulate economies and look at each from an origin of its own, with 24 rows or more."""
    y = simulate(economies, series, window + horizon, rng, prior)
    known = np.exp(rng.uniform(np.log(24), np.log(window), economies)).astype(int)
    late = np.where(rng.random((economies, series)) < 0.2, rng.random((economies, series)), 0)
    starts = window - known[:, None] + (late * (known[:, None] - 24)).astype(int)
    history, future = y[..., :window].copy(), y[..., window:]
    holes = (rng.random(economies) < 0.05)[:, None, None] & (rng.random(history.shape) < 0.08)
    holes[..., -1] = False  # the origin is where every series is known
    history[(np.arange(window) < starts[..., None]) | holes] = np.nan
    return Episode(history, future)


def simulate(
    economies: int, series: int, length: int, rng: np.random.Generator, prior: Prior | None = None
) -> np.ndarray:
    """Draw economies, [economy, series, time], float32."""
    prior = prior or Prior()
    e, s, total = economies, series, BURN + length
    market = rng.random((e, 1)) < prior.markets
    shocks = _shocks(e, s, total, market, prior, rng)  # [time, economy, series], unit variance
    mean = _mean_paths(e, s, total, market, prior, rng)  # in units of the shocks' usual deviation
    y = _run(shocks, mean, market, prior, rng)
    y = np.moveaxis(y[BURN:], 0, -1)
    return _as_published(y, market, rng).astype(np.float32)


def _chance(p: float | np.ndarray, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return rng.random(shape) < p


def _shocks(
    e: int, s: int, total: int, market: np.ndarray, prior: Prior, rng: np.random.Generator
) -> np.ndarray:
    """Correlated, fat-tailed, skewed shocks of unit variance, [time, economy, series]."""
    common = rng.standard_normal((total, e, 1), dtype=np.float32)
    own = rng.standard_normal((total, e, s), dtype=np.float32)
    sign = np.where(_chance(0.3, (e, s), rng) & ~market, -1, 1)
    weight = (rng.random((e, 1)) * np.minimum(0.9, 0.3 + rng.random((e, s)))) * sign
    x = weight * common + np.sqrt(1 - weight**2) * own

    skew = rng.uniform(-0.45, 0.45, (e, s)) * _chance(0.4, (e, s), rng)
    skew = np.where(market & _chance(0.7, (e, s), rng), -np.abs(skew) * 0.6, skew)
    shift = np.sqrt(2 / np.pi) * 2 * skew
    spread = np.sqrt(1 + 3 * skew**2 - shift**2)
    x = (np.where(x > 0, 1 + skew, 1 - skew) * x - shift) / spread

    gaussian = _chance(np.where(market, 0.1, prior.gaussian), (e, 1), rng)
    freedom = np.where(gaussian, 300, 3 + 10 * rng.random((e, 1)))
    joint = _chance(0.5, (e, 1), rng)  # tails shared by the series, or each its own
    mixing = np.where(
        joint,
        rng.standard_gamma(np.broadcast_to(freedom / 2, (total, e, 1))),
        rng.standard_gamma(np.broadcast_to(freedom / 2, (total, e, s))),
    )
    x = x * np.sqrt((freedom / 2 - 1) / mixing)

    spill = rng.normal(0, 0.25, (e, s, s)) * _chance(0.4, (e, s, s), rng)
    spill *= (_chance(prior.spill, (e, 1), rng) & ~market)[..., None] * (1 - np.eye(s))
    x[1:] += np.einsum("eij,tej->tei", spill, x[:-1])
    return x.astype(np.float32)


def _mean_paths(
    e: int, s: int, total: int, market: np.ndarray, prior: Prior, rng: np.random.Generator
) -> np.ndarray:
    """Where each series is drawn to: breaks, drifts, regimes, factors; [time, economy, series]."""
    time = np.arange(total)[:, None, None]
    mean = np.zeros((total, e, s), dtype=np.float32)
    calm = np.where(market, 0.1, 1)

    breaks = rng.normal(0, 2, (e, s)) * _chance(prior.breaks, (e, s), rng) * calm
    at = np.where(
        _chance(0.5, (e, 1), rng), rng.integers(BURN, total, (e, 1)), rng.integers(0, total, (e, s))
    )
    mean += breaks * (time >= at)
    drift = prior.drift * rng.random((e, s)) ** 2 * _chance(0.5, (e, s), rng) * calm
    steps = rng.standard_normal((total, e, s), dtype=np.float32)
    steady = 0.97 * _chance(0.25, (e, s), rng)  # some drifts go one way for decades
    for t in range(1, total):
        steps[t] = steady * steps[t - 1] + (1 - 0.8 * steady) * steps[t]
    mean += np.cumsum(drift * steps, axis=0)

    mean += calm * _factors(e, s, total, prior, rng)
    state = _markov(e, total, rng)  # [time, economy, 1]
    mean += state * rng.normal(0, 1.5, (e, s)) * _chance(prior.regimes, (e, 1), rng) * calm

    period = rng.choice([4, 12, 5, 7], (e, 1))
    wave = rng.normal(0, 0.6, (e, s)) * _chance(0.08, (e, s), rng)
    mean += wave * np.cos(2 * np.pi * (time / period + rng.random((e, s))))
    return mean.astype(np.float32)


def _factors(e: int, s: int, total: int, prior: Prior, rng: np.random.Generator) -> np.ndarray:
    """Two AR(2) factors, with real roots or a cycle of 12 to 60 periods.

    Each series loads on them with a lead or lag of its own.
    """
    count, reach = 2, 4
    r1, r2 = 1 - 0.5 * rng.random((e, count)) ** 1.5, 0.8 * rng.random((e, count))
    r1 = np.minimum(r1, 0.99)
    radius = 1 - 0.2 * rng.random((e, count))
    period = np.exp(rng.uniform(np.log(12), np.log(60), (e, count)))
    swings = _chance(prior.cycles, (e, count), rng)
    b1 = np.where(swings, 2 * radius * np.cos(2 * np.pi / period), r1 + r2)
    b2 = np.where(swings, radius**2, r1 * r2)
    noise = rng.standard_normal((total + reach, e, count), dtype=np.float32)
    f = np.zeros_like(noise)
    for t in range(2, total + reach):
        f[t] = b1 * f[t - 1] - b2 * f[t - 2] + noise[t]
    f /= np.maximum(f[BURN:].std(0), 1e-3)
    size = prior.factors * rng.random((e, 1)) ** 2
    weight = size[..., None] * rng.standard_normal((e, s, count))
    lead = rng.integers(0, reach + 1, (e, s)) * _chance(0.5, (e, 1), rng)
    total_effect = np.zeros((total, e, s), dtype=np.float32)
    for k in range(reach + 1):
        here = weight * (lead == k)[..., None]
        total_effect += np.einsum("esc,tec->tes", here, f[k : k + total])
    return total_effect


def _markov(e: int, total: int, rng: np.random.Generator) -> np.ndarray:
    """A two-state chain, 1 in the rarer state; [time, economy, 1]."""
    enter = np.exp(rng.uniform(np.log(0.01), np.log(0.06), e))
    leave = np.exp(rng.uniform(np.log(0.05), np.log(0.35), e))
    u = rng.random((total, e))
    state = np.zeros((total, e), dtype=np.float32)
    for t in range(1, total):
        state[t] = np.where(state[t - 1] > 0, u[t] >= leave, u[t] < enter)
    return state[..., None]


def _polynomial(
    e: int, s: int, market: np.ndarray, prior: Prior, rng: np.random.Generator
) -> np.ndarray:
    """Coefficients at lags 1 to 4 from random roots, [lag, economy, series]."""
    shape = (e, s)
    near = 1 - 0.15 * rng.random(shape) ** 2
    first = np.where(_chance(prior.near_unit, shape, rng), near, 1.3 * rng.random(shape) - 0.4)
    second = rng.uniform(-0.6, 0.85, shape) * _chance(0.6, shape, rng)
    radius = 0.9 * rng.random(shape) * _chance(0.35, shape, rng)
    angle = np.pi * rng.random(shape)
    white = market & _chance(0.85, shape, rng)
    first = np.where(white, rng.normal(0, 0.05, shape), np.clip(first, -0.95, 0.999))
    second, radius = np.where(white, 0, second), np.where(white, 0, radius)
    poly = np.zeros((5, e, s))
    poly[0] = 1
    for factor in ([-first], [-second], [-2 * radius * np.cos(angle), radius**2]):
        whole = poly.copy()
        for k, c in enumerate(factor, start=1):
            whole[k:] += c * poly[:-k]
        poly = whole
    return -poly[1:].astype(np.float32)


def _run(
    shocks: np.ndarray,
    mean: np.ndarray,
    market: np.ndarray,
    prior: Prior,
    rng: np.random.Generator,
) -> np.ndarray:
    """The recursion in time: volatility, then level; [time, economy, series]."""
    total, e, s = shocks.shape
    shape = (e, s)
    before, after = (_polynomial(e, s, market, prior, rng) for _ in range(2))
    changed = np.where(_chance(prior.changes, shape, rng), rng.integers(BURN, total, shape), total)
    theta = rng.uniform(-0.6, 0.6, shape) * _chance(0.4, shape, rng) * ~market

    varies = _chance(np.where(market, 1, 0.85), (e, 1), rng)
    keep = np.clip(1 - np.where(market, 0.06, 0.2) * rng.random(shape) ** 2, 0.8, 0.998)
    noise = prior.volatility * np.where(market, 0.15, 0.3) * rng.random(shape) * varies
    size = np.where(market, 0.25, 0.2) * rng.random(shape) * _chance(0.5, shape, rng) * varies
    size = prior.volatility * size
    lean = -0.2 * rng.random(shape) * _chance(np.where(market, 0.8, 0.2), shape, rng) * varies
    share = 1.2 * rng.random(shape) * varies
    keep_c = np.clip(1 - 0.2 * rng.random((e, 1)) ** 2, 0.8, 0.998)
    noise_c = prior.volatility * 0.35 * rng.random((e, 1))
    shift_at = np.where(_chance(0.6, (e, 1), rng), rng.integers(0, total, (e, 1)), total)
    shift = rng.normal(0, 0.8, shape) * _chance(prior.shifts, shape, rng) / 0.6
    state = _markov(e, total, rng)
    loud = np.abs(rng.normal(0, 1, shape)) * _chance(prior.regimes, (e, 1), rng)
    lift = rng.normal(0, 0.25, shape) * _chance(0.15, shape, rng)

    jumps = _jumps(shocks, market, rng)
    own_noise = rng.standard_normal((total, e, s), dtype=np.float32)
    common_noise = rng.standard_normal((total, e, 1), dtype=np.float32)
    log_var = np.zeros(shape, dtype=np.float32)
    log_common = np.zeros((e, 1), dtype=np.float32)
    gaps = np.zeros((5, e, s), dtype=np.float32)  # deviations from the mean path, latest first
    last = np.zeros(shape, dtype=np.float32)
    y = np.empty_like(shocks)
    for t in range(total):
        log_total = log_var + share * log_common + shift * (t >= shift_at) + loud * state[t]
        log_total = log_total + lift * np.clip(gaps[0], -4, 4)
        u = np.exp(0.5 * np.clip(log_total, -5, 5)) * (shocks[t] + jumps[t])
        b = np.where(t >= changed, after, before)
        x = (b * gaps[:4]).sum(0) + u + theta * last
        x = np.clip(x, -1e4, 1e4)
        last = u
        gaps = np.concatenate([x[None], gaps[:4]])
        y[t] = x + mean[t]
        surprise = np.clip(shocks[t], -6, 6)
        log_var = keep * log_var + noise * own_noise[t]
        log_var = log_var + size * (np.abs(surprise) - 0.8) + lean * surprise
        log_common = keep_c * log_common + noise_c * common_noise[t]
    return y


def _jumps(shocks: np.ndarray, market: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rare large shocks, alone or to all series at once with a rebound; [time, economy, series]."""
    total, e, s = shocks.shape
    often = 0.012 * _chance(0.25, (e, s), rng)
    jumps = (rng.random(shocks.shape) < often) * rng.normal(0, 5, shocks.shape)
    struck = _chance(0.08, (e, 1), rng)
    at = rng.integers(BURN, total, e)
    blow = np.exp(rng.uniform(np.log(4), np.log(25), (e, 1))) * rng.normal(0, 1, (e, s)) * struck
    back = rng.uniform(0, 1.2, (e, s))
    columns = np.arange(e)
    jumps[at, columns] += blow
    jumps[np.minimum(at + 1, total - 1), columns] -= back * blow
    return jumps.astype(np.float32)


def _as_published(y: np.ndarray, market: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What floors, rounding, convexity and mistakes make of a series; [economy, series, time]."""
    e, s, _ = y.shape
    shape = (e, s, 1)
    middle = np.median(y, axis=-1, keepdims=True)
    width = np.maximum(np.abs(y - middle).mean(-1, keepdims=True), 1e-6)
    x = np.clip((y - middle) / width, -200, 200)

    plain = ~market[..., None]
    floor = np.quantile(x, 0.35 * rng.random(), axis=-1, keepdims=True)
    floored = np.maximum(x, floor) + 0.01 * rng.standard_normal(x.shape)
    x = np.where(_chance(0.06, shape, rng) & plain, floored, x)
    bend = rng.uniform(0.1, 0.5, shape)
    x = np.where(_chance(0.06, shape, rng), np.exp(np.clip(bend * x, -6, 6)) / bend, x)
    slips = (rng.random(x.shape) < 0.01) & _chance(0.12, shape, rng)
    x = x + slips * rng.normal(0, 5, x.shape)
    grid = rng.uniform(0.02, 0.3, shape)
    return np.where(_chance(0.08, shape, rng) & plain, np.round(x / grid) * grid, x)
