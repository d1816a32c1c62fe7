"""`econdiff demo`: the US economy and its stock market, end to end, without a network."""

from pathlib import Path

from econdiff.commands.answer import Answer
from econdiff.commands.folder import whole, write_manifest, write_text
from econdiff.commands.forecast import ForecastRequest, Outcome, run_forecast
from econdiff.commands.manifest import new_manifest
from econdiff.commands.progress import Progress, silent
from econdiff.commands.reading import Reading
from econdiff.report.demo import demo_page
from econdiff.report.page import render
from econdiff.report.past import overview

MODEL = "diffusion"


def requests(folder: Path, *, model: str, paths: int, seed: int) -> tuple[ForecastRequest, ...]:
    """The two forecasts of the demo."""
    names = ("realgdp", "cpi", "unemp", "tbilrate")
    macro = Reading("us-macro", series=names, floor=(("tbilrate", 0.0),))
    markets = Reading("us-markets", series=("sp500", "nasdaq"))
    told = {"model": model, "paths": paths, "seed": seed}
    return (
        ForecastRequest(macro, 8, folder / "us-macro", against=("rw", "ar", "var"), **told),
        ForecastRequest(markets, 10, folder / "us-markets", against=("rw", "ar"), **told),
    )


def demo(
    out: Path = Path("reports/demo"),
    *,
    model: str = MODEL,
    paths: int = 1000,
    seed: int = 0,
    progress: Progress = silent,
) -> Answer:
    """Forecast both panels, hold the model against its rivals, and write one page of it all."""
    with whole(out, overwrite=True) as folder:
        outcomes = [
            run_forecast(request, _command(request), progress)
            for request in requests(folder, model=model, paths=paths, seed=seed)
        ]
        manifest = new_manifest("demo", "econdiff demo", {"paths": paths, "seed": seed})
        write_manifest(folder, manifest)
        write_text(
            folder / "report.html", render(demo_page([o.page() for o in outcomes], manifest))
        )
    return _answer(out, outcomes, model)


def _command(request: ForecastRequest) -> str:
    """The command that makes one of the two forecasts."""
    floor = ",".join(f"{name}={value:g}" for name, value in request.reading.floor)
    return (
        f"econdiff forecast {request.reading.input} --series {','.join(request.reading.series)} "
        f"{f'--floor {floor} ' if floor else ''}"
        f"--horizon {request.horizon} --model {request.model} --against "
        f"{','.join(request.against)} --paths {request.paths} --seed {request.seed} "
        f"--out {request.out.name}"
    )


def _answer(out: Path, outcomes: list[Outcome], model: str) -> Answer:
    names = [outcome.manifest["data"]["name"] for outcome in outcomes]
    tables = {
        name: overview(outcome.past, model)
        for name, outcome in zip(names, outcomes, strict=True)
        if outcome.past is not None
    }
    lines = []
    for name, table in tables.items():
        lines += [
            f"{name}: CRPS of {model} over that of",
            table.round(3).to_string(index=False),
            "",
        ]
    places = [out / "report.html", *(out / name / "fan.png" for name in names)]
    facts = {
        "files": [str(place) for place in places],
        "scores": {name: table.to_dict("records") for name, table in tables.items()},
    }
    return Answer(facts, "\n".join([*lines, *map(str, places)]))
