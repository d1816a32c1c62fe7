"""`econdiff nowcast`: the ragged edge for a reader."""

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Reading, read
from econdiff.commands.scenario import ScenarioRequest, answered
from econdiff.forecast import Forecast
from econdiff.scenario import Scenario


@dataclass(frozen=True)
class NowcastRequest:
    """What `econdiff nowcast` was asked; the fields are its options."""

    reading: Reading
    model: str = "diffusion"
    paths: int = 1000
    seed: int = 0


def nowcast(request: NowcastRequest, progress: Progress = silent) -> Answer:
    """The cells of the last rows that are not published yet, given those that are."""
    data = read(request.reading)
    if data.panel.iloc[-1].notna().all():
        raise UsageError(
            f"every series of {data.record['name']} is known up to {data.record['last']}: there is "
            "no ragged edge to nowcast; econdiff forecast draws what comes next"
        )
    asked = replace(
        ScenarioRequest(request.reading, 1, Path()),
        model=request.model,
        paths=request.paths,
        seed=request.seed,
    )
    _, answer, notes = answered(request.model, data, Scenario(), asked, progress)
    edge = answer.edge()
    if edge is None:
        raise UsageError("there is no ragged edge to nowcast")
    table = _unpublished(edge, data.panel)
    facts = {"data": data.record, "nowcast": table.to_dict(orient="records")}
    return Answer(facts, "\n".join([table.to_string(index=False), *notes]))


def _unpublished(edge: Forecast, panel: pd.DataFrame) -> pd.DataFrame:
    summary = edge.summary()
    known = panel.iloc[len(panel) - edge.horizon :].notna().to_numpy().T.ravel()
    columns = ["series", "period", "mean", "q05", "q50", "q95"]
    return summary.loc[~known, columns].reset_index(drop=True)
