"""Every backtest of VaR and ES against values of R, MATLAB and Python: `risk.py golden FILE`."""

import json
from pathlib import Path

import numpy as np
from scipy import stats

from econdiff.risk import backtests as bt

LEVELS = (0.01, 0.025, 0.05)


def golden(file: Path) -> None:
    """Every deterministic value of the golden file, six digits; ESR p-values within a fifth."""
    from arch.data import sp500

    price = sp500.load()["Adj Close"]["2000-01-01":"2018-12-28"]
    r = 100 * np.diff(np.log(price))
    known = json.loads(file.read_text())
    wrong = 0
    for name in ("hs250", "ewma"):
        for alpha in LEVELS:
            expected = known[f"{name}_{alpha}"]
            expected |= expected.pop("py_only")
            found = _golden_values(*_golden_series(r, name, alpha), alpha)
            for key, value in found.items():
                if key.startswith("esr"):
                    low, high = 0.8 * expected[f"{key}_lo"], 1.2 * expected[f"{key}_hi"]
                    fine = low <= value <= high
                else:
                    low = high = expected[key]
                    fine = np.isclose(value, expected[key], rtol=1e-6, atol=1e-12)
                if not fine:
                    wrong += 1
                    print(f"{name} {alpha} {key}: {value:.6g}, expected {low:.6g} to {high:.6g}")
    print(f"{wrong} values differ")


def _golden_series(r: np.ndarray, name: str, alpha: float) -> tuple[np.ndarray, ...]:
    """Return, VaR, ES and volatility of the two models of the golden file."""
    if name == "hs250":
        window = np.lib.stride_tricks.sliding_window_view(r, 250)[:-1]
        q = np.quantile(window, alpha, axis=1)
        e = np.array([w[w < x].mean() for w, x in zip(window, q, strict=True)])
        return r[250:], q, e, window.std(axis=1, ddof=1)
    variance = np.empty(len(r))
    variance[250] = r[:250].var(ddof=1)
    for t in range(251, len(r)):
        variance[t] = 0.94 * variance[t - 1] + 0.06 * r[t - 1] ** 2
    s, z = np.sqrt(variance[250:]), stats.norm.ppf(alpha)
    return r[250:], s * z, -s * stats.norm.pdf(z) / alpha, s


def _golden_values(
    r: np.ndarray, q: np.ndarray, e: np.ndarray, s: np.ndarray, alpha: float
) -> dict[str, float]:
    hit, u = r < q, stats.norm.cdf(r / s)
    one_sided = bt.nolde_ziegel_one_sided
    return {
        "uc_lr": bt.kupiec(hit, alpha).statistic,
        "uc_p": bt.kupiec(hit, alpha).p_value,
        "ind_lr": bt.christoffersen_independence(hit).statistic,
        "ind_p": bt.christoffersen_independence(hit).p_value,
        "cc_lr": bt.christoffersen_coverage(hit, alpha).statistic,
        "cc_p": bt.christoffersen_coverage(hit, alpha).p_value,
        "dur_lr": bt.duration(hit).statistic,
        "dur_p": bt.duration(hit).p_value,
        "dq1": bt.dynamic_quantile_squared(r, q, alpha, 1).statistic,
        "dq4": bt.dynamic_quantile_squared(r, q, alpha).statistic,
        "dq4_p": bt.dynamic_quantile_squared(r, q, alpha).p_value,
        "dq_engle_manganelli_4lags_df6": bt.dynamic_quantile(r, q, alpha).statistic,
        "tick": bt.tick_loss(r, q, alpha).mean(),
        "fz0": bt.fz0_loss(r, q, e, alpha).mean(),
        "mf_rugarch_p": bt.mcneil_frey(r, q, e, alpha).p_value,
        "er_simple_t": bt.mcneil_frey(r, q, e, alpha).statistic,
        "er_std_t": bt.mcneil_frey(r, q, e, alpha, volatility=s).statistic,
        "nz_2s_simple": bt.nolde_ziegel(r, q, e, alpha).p_value,
        "nz_2s_general": bt.nolde_ziegel(r, q, e, alpha, volatility=s).p_value,
        "nz_1s_simple": one_sided(r, q, e, alpha).p_value,
        "nz_1s_general": one_sided(r, q, e, alpha, volatility=s).p_value,
        "nz_1s_simple_bonf": one_sided(r, q, e, alpha, bonferroni=True).p_value,
        "nz_1s_general_bonf": one_sided(r, q, e, alpha, volatility=s, bonferroni=True).p_value,
        "de_u_p": bt.du_escanciano_unconditional(u, alpha).p_value,
        "de_c1": bt.du_escanciano_conditional(u, alpha, 1).statistic,
        "de_c5": bt.du_escanciano_conditional(u, alpha, 5).statistic,
        "berk_lr": bt.berkowitz(r / s).statistic,
        "berk_p": bt.berkowitz(r / s).p_value,
        "jb": bt.jarque_bera(r / s).statistic,
        "Z1": bt.z1(r, q, e, alpha),
        "Z2": bt.z2(r, q, e, alpha),
        "ZMB_abs": bt.ridge_absolute(r, q, e, alpha),
        "ZMB_rel": bt.ridge_relative(r, q, e, alpha),
        "esr1": bt.esr_strict(r, q, e, alpha).p_value,
        "esr2": bt.esr_auxiliary(r, q, e, alpha).p_value,
        "esr3": bt.esr_intercept(r, q, e, alpha).p_value,
    }
