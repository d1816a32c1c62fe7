"""The command `econdiff`: parsing, progress bars, printing and exit codes.

Exit codes: 0 all is well, 1 the run failed, 2 the command was used wrongly. An error is
one line on stderr; `--debug` adds the traceback. `--json` prints one object on stdout.
"""

import argparse
import json
import os
import shlex
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import econdiff
from econdiff.commands.answer import Answer
from econdiff.commands.errors import UsageError
from econdiff.commands.progress import Progress, Step, silent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives back the exit code."""
    said = list(sys.argv[1:] if arguments is None else arguments)
    chosen = _parser().parse_args(said)
    chosen.command = command_line(said)
    try:
        answer: Answer = chosen.run(chosen)
    except KeyboardInterrupt:
        return _failed(chosen, "stopped before the end", 1)
    except UsageError as error:
        return _failed(chosen, str(error), 2)
    except Exception as error:  # noqa: BLE001 - the last door: one line, and the rest by --debug
        return _failed(chosen, str(error) or type(error).__name__, 1)
    if chosen.json:
        facts = {"exit": answer.code, **answer.facts}
        print(json.dumps(facts, indent=2, ensure_ascii=False, default=str))
    elif not chosen.quiet:
        print(answer.words)
    return answer.code


def command_line(said: Sequence[str]) -> str:
    """The command as it was typed, but for the folders above files: they are nobody's business."""
    silent = ("--json", "--quiet", "--debug")
    words = [Path(word).name if os.path.isabs(word) else word for word in said]
    return shlex.join(["econdiff", *(word for word in words if word not in silent)])


def _failed(chosen: argparse.Namespace, error: str, code: int) -> int:
    if chosen.debug:
        traceback.print_exc()
    message = " ".join(error.split())
    print(f"econdiff: {message}", file=sys.stderr)
    if chosen.json:
        print(json.dumps({"exit": code, "error": message}, indent=2, ensure_ascii=False))
    return code


def _progress(chosen: argparse.Namespace) -> Progress:
    """Bars on stderr for whatever takes more than two seconds."""
    if chosen.quiet:
        return silent

    @contextmanager
    def bar(what: str, total: int) -> Iterator[Step]:
        from tqdm import tqdm

        with tqdm(total=total, desc=what, delay=1.5, leave=False, file=sys.stderr) as shown:
            yield shown.update

    return bar


# --- what each command is given; the imports wait until the command is known -----------


def _demo(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.demo import demo

    return demo(chosen.out, paths=chosen.paths, seed=chosen.seed, progress=_progress(chosen))


def _forecast(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.forecast import ForecastRequest, forecast

    request = ForecastRequest(
        _reading(chosen),
        horizon=chosen.horizon,
        out=chosen.out,
        model=chosen.model,
        paths=chosen.paths,
        seed=chosen.seed,
        against=chosen.against,
        origins=chosen.origins,
        workers=chosen.workers,
        overwrite=chosen.overwrite,
    )
    return forecast(request, chosen.command, _progress(chosen))


def _backtest(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.backtest import BacktestRequest, backtest

    request = BacktestRequest(
        _reading(chosen),
        horizon=chosen.horizon,
        out=chosen.out,
        models=chosen.models,
        origins=chosen.origins,
        every=chosen.every,
        paths=chosen.paths,
        seed=chosen.seed,
        workers=chosen.workers,
        overwrite=chosen.overwrite,
    )
    return backtest(request, chosen.command, _progress(chosen))


def _scenario(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.scenario import ScenarioRequest, scenario

    request = ScenarioRequest(
        _reading(chosen),
        horizon=chosen.horizon,
        out=chosen.out,
        scenario=chosen.scenario,
        pins=tuple(chosen.pin),
        events=tuple(chosen.event),
        mode=chosen.mode,
        given_sd=chosen.given_sd,
        model=chosen.model,
        against=chosen.against,
        paths=chosen.paths,
        seed=chosen.seed,
        overwrite=chosen.overwrite,
    )
    return scenario(request, chosen.command, _progress(chosen))


def _nowcast(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.scenario import NowcastRequest, nowcast

    request = NowcastRequest(
        _reading(chosen), model=chosen.model, paths=chosen.paths, seed=chosen.seed
    )
    return nowcast(request, _progress(chosen))


def _reading(chosen: argparse.Namespace):
    from econdiff.commands.reading import Reading

    return Reading(
        chosen.input,
        series=chosen.series,
        freq=chosen.freq,
        gaps=chosen.gaps,
        transform=chosen.transform,
        id=chosen.id,
        time=chosen.time,
        value=chosen.value,
        sheet=chosen.sheet,
    )


def _report(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.report import report

    return report(chosen.folder)


def _synth(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.synth import SynthRequest, synth

    request = SynthRequest(
        chosen.input,
        generator=chosen.generator,
        panels=chosen.panels,
        length=chosen.length,
        start=chosen.start,
        spread=chosen.spread,
        holes=chosen.holes,
        condition=chosen.condition,
        dp_epsilon=chosen.dp_epsilon,
        dp_delta=chosen.dp_delta,
        ranges=tuple(chosen.range),
        export=chosen.export,
        **_entities(chosen),
    )
    return synth(request, chosen.command, _progress(chosen))


def _synth_report(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.synth import SynthReportRequest, synth_report

    request = SynthReportRequest(chosen.real, chosen.synthetic, **_entities(chosen))
    return synth_report(request, chosen.command, _progress(chosen))


def _entities(chosen: argparse.Namespace) -> dict[str, Any]:
    return {
        "out": chosen.out,
        "entity": chosen.entity,
        "time": chosen.time,
        "freq": chosen.freq,
        "gaps": chosen.gaps,
        "identities": tuple(chosen.identity),
        "regressions": tuple(chosen.regression),
        "seed": chosen.seed,
        "scores": chosen.scores,
        "overwrite": chosen.overwrite,
    }


def _risk_backtest(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.risk_backtest import RiskBacktestRequest, risk_backtest

    request = RiskBacktestRequest(chosen.file, chosen.alpha, chosen.out, chosen.overwrite)
    return risk_backtest(request, chosen.command)


def _doctor(chosen: argparse.Namespace) -> Answer:
    del chosen
    from econdiff.commands.doctor import doctor

    return doctor()


def _data_list(chosen: argparse.Namespace) -> Answer:
    del chosen
    from econdiff.commands.data import list_data

    return list_data()


def _data_show(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.data import show_data

    return show_data(_reading(chosen))


def _data_pull(chosen: argparse.Namespace) -> Answer:
    from econdiff.commands.data import PullRequest, pull_data

    request = PullRequest(
        chosen.service,
        chosen.names,
        start=chosen.start,
        end=chosen.end,
        freq=chosen.freq,
        aggregation=chosen.aggregation,
        as_of=chosen.as_of,
        returns=chosen.returns,
    )
    return pull_data(request, _progress(chosen))


# --- the words that are understood -------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"econdiff: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="econdiff",
        description="Draws the future of an economy, many times.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"econdiff {econdiff.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    said = _said()

    command = _command(commands, "demo", _demo, "forecast the US economy and a stock index", said)
    command.add_argument("--out", type=Path, default=Path("reports/demo"), metavar="DIR")
    _draws(command)

    command = _command(commands, "forecast", _forecast, "draw the future of a panel", said)
    _input(command)
    command.add_argument(
        "--horizon", type=_positive, required=True, metavar="H", help="steps ahead"
    )
    command.add_argument("--model", default="diffusion", metavar="NAME", help="default: diffusion")
    command.add_argument(
        "--against",
        type=_names,
        default=("rw", "ar"),
        metavar="A,B",
        help="models to compare with at past origins; default: rw,ar",
    )
    command.add_argument(
        "--origins",
        type=_count,
        default=12,
        metavar="N",
        help="past origins to compare at; default: 12, and 0 for none",
    )
    _draws(command)
    _output(command)

    command = _command(commands, "backtest", _backtest, "score models at past origins", said)
    _input(command)
    command.add_argument(
        "--horizon", type=_positive, required=True, metavar="H", help="steps ahead"
    )
    command.add_argument(
        "--models",
        type=_names,
        default=("diffusion", "rw", "ar", "var"),
        metavar="A,B",
        help="default: diffusion,rw,ar,var",
    )
    command.add_argument(
        "--origins", type=_positive, required=True, metavar="N", help="the latest so many"
    )
    command.add_argument(
        "--every", type=_positive, default=1, metavar="K", help="rows between origins; default: 1"
    )
    _draws(command)
    _output(command)

    command = _command(commands, "scenario", _scenario, "what goes with an assumed path", said)
    _input(command)
    _pinned(command)
    _draws(command)
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to make")
    command.add_argument("--overwrite", action="store_true", help="replace an earlier result")

    command = _command(commands, "nowcast", _nowcast, "what is not published yet", said)
    _input(command)
    command.add_argument("--model", default="diffusion", metavar="NAME", help="default: diffusion")
    _draws(command)

    command = _command(commands, "report", _report, "make report.html again from its folder", said)
    command.add_argument("folder", type=Path, metavar="DIR")

    command = _command(commands, "synth", _synth, "make synthetic panels of entities", said)
    command.add_argument("input", metavar="INPUT", help="a long table: a row an entity and period")
    command.add_argument(
        "--generator",
        default="diffusion",
        metavar="NAME",
        help="diffusion (default), gaussian, var-, factor- or block-bootstrap, gan, vae",
    )
    command.add_argument("--panels", type=_positive, default=10, metavar="N", help="default: 10")
    command.add_argument("--length", type=_positive, metavar="T", help="periods; default: as many")
    command.add_argument(
        "--start",
        choices=("anew", "last"),
        default="anew",
        help="another past (default), or futures that go on from the real panel's end",
    )
    command.add_argument(
        "--spread",
        type=float,
        default=1.0,
        metavar="X",
        help="shocks times this: above 1 wider, below 1 tamer than the real ones; default: 1",
    )
    command.add_argument("--holes", action="store_true", help="leave out the cells the input lacks")
    command.add_argument(
        "--condition",
        type=Path,
        metavar="FILE",
        help="a row a period: SERIES (mean over entities), SERIES@ENTITY, 'shock SERIES', regime; "
        "or a row an entity with its static attributes",
    )
    command.add_argument(
        "--dp-epsilon",
        type=float,
        metavar="E",
        help="differential privacy of whole entities, by a generator of its own",
    )
    command.add_argument("--dp-delta", type=float, default=1e-5, metavar="D", help="default: 1e-5")
    command.add_argument(
        "--range",
        action="append",
        default=[],
        metavar="SERIES=LOW:HIGH",
        help="with --dp-epsilon, for every series: known without looking at the data",
    )
    command.add_argument(
        "--export", type=_names, default=(), metavar="A,B", help="csv, stata, beside Parquet"
    )
    _of_entities(command)

    command = _command(
        commands, "synth-report", _synth_report, "judge synthetic panels against the real", said
    )
    command.add_argument("real", metavar="REAL", help="a long table")
    command.add_argument("synthetic", metavar="SYNTHETIC", help="the same columns, perhaps `panel`")
    _of_entities(command)

    command = _command(commands, "risk-backtest", _risk_backtest, "test anybody's VaR and ES", said)
    command.add_argument("file", type=Path, metavar="FILE", help="a CSV: date, return, VaR, ES")
    command.add_argument(
        "--alpha", type=float, required=True, metavar="A", help="share of bad days, as 0.01"
    )
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to make")
    command.add_argument("--overwrite", action="store_true", help="replace an earlier result")

    data = commands.add_parser("data", help="list, pull and show panels", allow_abbrev=False)
    actions = data.add_subparsers(metavar="ACTION", required=True)
    _command(actions, "list", _data_list, "bundled panels and snapshots", said)
    command = _command(actions, "show", _data_show, "what is understood of a panel", said)
    _input(command)
    command = _command(actions, "pull", _data_pull, "pull series and keep them as a snapshot", said)
    _pull(command)

    _command(commands, "doctor", _doctor, "check the installation", said)
    return parser


def _said() -> argparse.ArgumentParser:
    """Options that every command has."""
    said = argparse.ArgumentParser(add_help=False)
    said.add_argument("--json", action="store_true", help="print one JSON object")
    said.add_argument("--quiet", action="store_true", help="print nothing but errors")
    said.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return said


def _command(actions, name: str, run, does: str, said: argparse.ArgumentParser) -> _Parser:
    command = actions.add_parser(
        name, help=does, description=does, parents=[said], allow_abbrev=False
    )
    command.set_defaults(run=run)
    return command


def _input(command: argparse.ArgumentParser) -> None:
    command.add_argument("input", metavar="INPUT", help="a file, a bundled panel or a snapshot")
    command.add_argument("--series", type=_names, default=(), metavar="A,B", help="these only")
    command.add_argument("--freq", metavar="F", help="D, W, M, Q or Y; inferred where not said")
    command.add_argument(
        "--gaps",
        choices=("error", "nan"),
        default="error",
        help="periods missing from the index: refuse them (default) or read them as not known",
    )
    command.add_argument(
        "--transform",
        default="auto",
        metavar="T",
        help="auto (default), none, file, or FRED-MD codes such as GDP=5,UNRATE=2",
    )

    for name, column in (("id", "unique_id"), ("time", "ds"), ("value", "y")):
        what = "dates" if name == "time" else f"{name}s of a long table"
        command.add_argument(
            f"--{name}", default=column, metavar="COL", help=f"column of {what}; default: {column}"
        )
    command.add_argument("--sheet", metavar="NAME", help="of an Excel file")


def _pinned(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--horizon", type=_positive, required=True, metavar="H", help="steps ahead"
    )
    command.add_argument(
        "--scenario", type=Path, metavar="FILE", help="a table with holes (CSV) or a TOML file"
    )
    command.add_argument(
        "--pin",
        action="append",
        default=[],
        metavar="NAME=V,V",
        help="values from the first step on, or NAME=baseline+100bp for 4; may be repeated",
    )
    command.add_argument(
        "--mode",
        choices=("hard", "soft", "density", "event", "tilt"),
        default="hard",
        help="hard (default): pins hold; soft: seen with an error; density: spread so; "
        "event: the paths in which --event occurs; tilt: paths weighted to have these means",
    )
    command.add_argument(
        "--given-sd",
        type=_deviation,
        default=0.0,
        metavar="SD",
        help="deviation of the pins in the modes soft, density and tilt",
    )
    command.add_argument(
        "--event",
        action="append",
        default=[],
        metavar="EXPR",
        help='weighed, or with --mode event assumed: "growth(GDP) < 0 for 2"; may be repeated',
    )
    command.add_argument("--model", default="diffusion", metavar="NAME", help="default: diffusion")
    command.add_argument(
        "--against",
        type=_names,
        default=("bvar",),
        metavar="A,B",
        help="models that answer beside it in closed form; default: bvar",
    )


def _of_entities(command: argparse.ArgumentParser) -> None:
    command.add_argument("--entity", metavar="COL", help="the column that tells entities apart")
    command.add_argument("--time", metavar="COL", help="the column of periods; found if not said")
    command.add_argument("--freq", metavar="F", help="D, W, M, Q or Y; inferred where not said")
    command.add_argument(
        "--gaps",
        choices=("error", "nan"),
        default="error",
        help="periods missing inside an entity: refuse them (default) or read them as not known",
    )
    command.add_argument(
        "--identity", action="append", default=[], metavar="'Y = A + B'", help="kept exactly"
    )
    command.add_argument(
        "--regression",
        action="append",
        default=[],
        metavar="'log(Y) ~ log(X) + Z'",
        help="with entity effects: run on real and synthetic panels; lead4(log(Y)) ~ X projects",
    )
    command.add_argument(
        "--scores",
        type=_count,
        default=0,
        metavar="N",
        help="repeats of the literature's discriminative and predictive scores; default: none",
    )
    command.add_argument("--seed", type=_count, default=0, metavar="S", help="default: 0")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to make")
    command.add_argument("--overwrite", action="store_true", help="replace an earlier result")


def _draws(command: argparse.ArgumentParser) -> None:
    command.add_argument("--paths", type=_positive, default=1000, metavar="N", help="default: 1000")
    command.add_argument("--seed", type=_count, default=0, metavar="S", help="default: 0")


def _output(command: argparse.ArgumentParser) -> None:
    command.add_argument("--workers", type=_positive, default=1, metavar="N", help="processes")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to make")
    command.add_argument("--overwrite", action="store_true", help="replace an earlier result")


def _pull(command: argparse.ArgumentParser) -> None:
    command.add_argument("service", choices=("fred", "fredgraph", "alfred", "yahoo"))
    command.add_argument("names", type=_names, metavar="A,B", help="series ids or tickers")
    command.add_argument("--start", metavar="DATE", help="first day, YYYY-MM-DD")
    command.add_argument("--end", metavar="DATE", help="last day, YYYY-MM-DD")
    command.add_argument("--freq", metavar="F", help="bring all series to this frequency")
    command.add_argument(
        "--aggregation",
        choices=("mean", "last", "sum"),
        default="mean",
        help="how a series is brought to a lower frequency; default: mean",
    )
    command.add_argument("--as-of", metavar="DATE", help="fred: what was known on that day")
    command.add_argument("--returns", action="store_true", help="yahoo: returns, not prices")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if "" in names:
        raise argparse.ArgumentTypeError(f"names divided by commas are needed, got {text!r}")
    return names


def _deviation(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"a number of at least 0 is needed, got {text!r}")
    return value


def _positive(text: str) -> int:
    return _whole_number(text, 1)


def _count(text: str) -> int:
    return _whole_number(text, 0)


def _whole_number(text: str, least: int) -> int:
    if not text.removeprefix("-").isdigit() or int(text) < least:
        raise argparse.ArgumentTypeError(
            f"a whole number of at least {least} is needed, got {text!r}"
        )
    return int(text)
