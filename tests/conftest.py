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
