import os

import numpy as np
import pandas as pd
import pytest

from econdiff.cli import main

os.environ["OMP_NUM_THREADS"] = "1"  # read by torch, which many tests never import


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def panel(rng) -> pd.DataFrame:
    """Two correlated AR(1) series, 200 quarters."""
    values = np.zeros((200, 2))
    for t in range(1, 200):
        values[t] = 0.5 * values[t - 1] + rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]])
    index = pd.period_range("1975Q1", periods=200, freq="Q")
    return pd.DataFrame(values, index=index, columns=["growth", "inflation"])


@pytest.fixture(scope="session")
def made_again():
    """A check that `econdiff report` makes a folder's page again, to the byte."""

    def check(folder, name="report.html"):
        before = (folder / name).read_bytes()
        (folder / name).unlink()
        assert main(["report", str(folder), "--quiet"]) == 0
        assert (folder / name).read_bytes() == before

    return check


@pytest.fixture
def published(tmp_path):
    """Supervisory tables, quarterly to 2023 Q4, with a recession in the adverse one."""
    rng = np.random.default_rng(5)
    quarters = pd.period_range("2004Q1", periods=80, freq="Q")
    u = np.zeros(80)
    for t in range(1, 80):
        u[t] = 0.9 * u[t - 1] + 0.4 * rng.standard_normal()
    growth = 2 - np.diff(u, prepend=0) + 0.3 * rng.standard_normal(80)
    tables = tmp_path / "tables"
    tables.mkdir()

    def write(number, name, periods, columns):
        frame = pd.DataFrame(columns)
        frame.insert(0, "Date", [f"{p.year} Q{p.quarter}" for p in periods])
        frame.insert(0, "Scenario Name", name)
        frame.to_csv(tables / f"2024-Table_{number}A_{name}_Domestic.csv", index=False)

    both = {"Real GDP growth": growth, "Unemployment rate": 6 + u}
    write("1", "Actual", quarters, both)
    ahead = pd.period_range("2024Q1", periods=5, freq="Q")
    flat = np.full(5, 6 + u[-1])
    write("2", "Baseline", ahead, {"Real GDP growth": np.full(5, 2.0), "Unemployment rate": flat})
    worse = flat + np.array([1, 2, 3, 3, 3.0])
    write("3", "Adverse", ahead, {"Real GDP growth": np.full(5, -4.0), "Unemployment rate": worse})
    rate = pd.DataFrame({"quarter": quarters[:76].astype(str)})
    score = np.full(76, -3.5)
    for t in range(1, 76):
        score[t] = -0.7 + 0.8 * score[t - 1] + 0.2 * (u[t] - u[t - 1])
        score[t] += 0.02 * rng.standard_normal()
    rate["delinquent"] = 100 / (1 + np.exp(-score))
    rate.to_csv(tmp_path / "rate.csv", index=False)
    return tables
