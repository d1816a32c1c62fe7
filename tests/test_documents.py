"""What README and CONTRIBUTING say of the command and the layers is so."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from econdiff.cli.parser import parser

ROOT = Path(__file__).parents[1]


def lines_of_readme():
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("## On the command line")[1]
    lines = block.split("```")[1].splitlines()
    return [line.split(" # ")[0].strip() for line in lines if line.startswith("econdiff ")]


@pytest.mark.parametrize("line", lines_of_readme())
def test_each_command_of_the_readme_is_understood(line):
    parser().parse_args(shlex.split(line)[1:])


def test_contributing_has_the_layers_that_the_linter_holds():
    said = re.search(r"`(cli > .*)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert said
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    held = layers["tool"]["importlinter"]["contracts"][0]["layers"]
    assert [sorted(layer.split(" | ")) for layer in said[1].split(" > ")] == [
        sorted(re.findall(r"econdiff\.(\w+)", layer)) for layer in held
    ]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_page_names_is_there(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"[\w/]+/\w+\.(?:py|md|png|toml)\b", text))
    assert named
    gone = [name for name in named if "NAME" not in name and not (ROOT / name).exists()]
    assert gone == []
