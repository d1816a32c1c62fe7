"""The options of `econdiff synth` and `synth-report`."""

from argparse import ArgumentParser
from pathlib import Path

from econdiff.cli.command import Command
from econdiff.cli.options import folder, frequency, seed
from econdiff.cli.words import count, names, positive


def _made(command: ArgumentParser) -> None:
    command.add_argument("input", metavar="INPUT", help="a long table: a row an entity and period")
    command.add_argument(
        "--generator",
        metavar="NAME",
        help="diffusion (default), gaussian, var-, factor- or block-bootstrap, gan, vae",
    )
    command.add_argument(
        "--train",
        type=count,
        metavar="STEPS",
        help="go on learning from this panel; kept only where a held-out stretch improves",
    )
    command.add_argument("--panels", type=positive, metavar="N", help="default: 10")
    command.add_argument("--length", type=positive, metavar="T", help="periods; default: as many")


def _steered(command: ArgumentParser) -> None:
    command.add_argument(
        "--start",
        choices=("anew", "last"),
        help="another past (default), or futures that go on from the real panel's end",
    )
    command.add_argument(
        "--spread",
        type=float,
        metavar="X",
        help="shocks times this: above 1 wider, below 1 tamer than the real ones; default: 1",
    )
    command.add_argument(
        "--levels",
        choices=("hidden", "kept"),
        help="move the level of a small panel at random, so that members cannot be told from it "
        "(default; changes and regressions in levels move too), or keep it",
    )
    command.add_argument("--holes", action="store_true", help="leave out the cells the input lacks")
    command.add_argument(
        "--condition",
        type=Path,
        metavar="FILE",
        help="a row a period: SERIES (mean over entities), SERIES@ENTITY, 'shock SERIES', regime; "
        "a row an entity with its static attributes; or a scenario (CSV or TOML) as in forecasts",
    )


def _private(command: ArgumentParser) -> None:
    command.add_argument(
        "--dp-epsilon",
        type=float,
        metavar="E",
        help="differential privacy of whole entities, by a generator of its own",
    )
    command.add_argument("--dp-delta", type=float, metavar="D", help="default: 1e-5")
    command.add_argument(
        "--range",
        dest="ranges",
        action="append",
        metavar="SERIES=LOW:HIGH",
        help="with --dp-epsilon, for every series: known without looking at the data",
    )


def _attacked(command: ArgumentParser) -> None:
    command.add_argument(
        "--splits",
        type=count,
        metavar="N",
        help="times that the panel is split and both halves fitted, to see whether members can be "
        "told: most of the time it takes; 0 leaves it out; default: 5",
    )


def _exported(command: ArgumentParser) -> None:
    command.add_argument("--export", type=names, metavar="A,B", help="csv, stata, beside Parquet")


def _judged(command: ArgumentParser) -> None:
    command.add_argument("real", metavar="REAL", help="a long table")
    command.add_argument("synthetic", metavar="SYNTHETIC", help="the same columns, perhaps `panel`")


def _entities(command: ArgumentParser) -> None:
    command.add_argument("--entity", metavar="COL", help="the column that tells entities apart")
    command.add_argument("--time", metavar="COL", help="the column of periods; found if not said")
    frequency(command)
    command.add_argument(
        "--gaps",
        choices=("error", "nan"),
        help="periods missing inside an entity: refuse them (default) or read them as not known",
    )


def _measured(command: ArgumentParser) -> None:
    command.add_argument(
        "--identity",
        dest="identities",
        action="append",
        metavar="'Y = A + B'",
        help="kept exactly; shares as '1 = A + B + C'",
    )
    command.add_argument(
        "--positive",
        type=names,
        metavar="A,B",
        help="series kept above zero, in logs, or none; default: those that are so throughout, "
        "unless a cell is below a tenth of the median and logs are more skewed than levels",
    )
    command.add_argument(
        "--bound",
        dest="bounds",
        action="append",
        metavar="SERIES=LOW:HIGH",
        help="kept strictly between two numbers, or at or between other series, as "
        "high=open,close:; either may be left out. Unless told (or none), open, high, low and "
        "close keep their order, where it holds",
    )
    command.add_argument(
        "--unit",
        dest="units",
        action="append",
        metavar="SERIES=UNIT",
        help="kept in schema.json and the card",
    )
    command.add_argument(
        "--regression",
        dest="regressions",
        action="append",
        metavar="'log(Y) ~ log(X) + Z'",
        help="with entity effects: run on real and synthetic panels; lead4(log(Y)) ~ X projects",
    )
    command.add_argument(
        "--scores",
        type=count,
        metavar="N",
        help="repeats of the literature's discriminative and predictive scores; default: 0",
    )
    command.add_argument(
        "--rivals",
        type=names,
        metavar="A,B",
        help="generators that get a column of quality.csv, fitted beside: gan, vae, gaussian, ...",
    )


SYNTH = Command(
    "synth",
    "make synthetic panels of entities",
    "synth:synth",
    (_made, _steered, _private, _attacked, _exported, _entities, _measured, seed, folder),
)
SYNTH_REPORT = Command(
    "synth-report",
    "judge synthetic panels against the real",
    "synth:synth_report",
    (_judged, _entities, _measured, seed, folder),
)
