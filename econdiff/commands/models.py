"""The names by which the command line calls models."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass, replace

from econdiff.baselines import BASELINES, RANGED
from econdiff.baselines.in_levels import InLevels
from econdiff.baselines.random_walk import RandomWalk
from econdiff.commands.errors import UsageError
from econdiff.forecast import Model
from econdiff.transforms import Choice, Transformed


def _shipped() -> Model:
    """The diffusion model with the weights that come with it."""
    from econdiff.diffusion.model import Diffusion  # imports torch, seconds: only when asked

    return Diffusion()


def _anchor() -> Model:
    """Where the diffusion model starts from: its network has learned nothing."""
    from econdiff.diffusion.model import Diffusion
    from econdiff.diffusion.training import Training

    return Diffusion(weights=None, training=Training(steps=0))


def _scratch() -> Model:
    """The diffusion model trained on the panel alone."""
    from econdiff.diffusion.model import Diffusion

    return Diffusion(weights=None)


def _on_gjr() -> Model:
    """The diffusion model of the shocks that a GJR-GARCH leaves: for daily returns."""
    from econdiff.baselines.on_volatility import OnVolatility

    return OnVolatility(_shipped())


OURS: dict[str, Callable[[], Model]] = {
    "diffusion": _shipped,
    "diffusion-gjr": _on_gjr,
    "anchor": _anchor,
    "scratch": _scratch,
}


CONDITIONING = ("diffusion", "anchor", "scratch", "ar", "ar60", "var", "bvar")
STRUCTURAL = ("ar", "ar60", "var", "bvar")


def model_names() -> list[str]:
    """Every name, those of the diffusion model first."""
    return [*OURS, *BASELINES, *RANGED]


def named_model(name: str) -> Model:
    """The model of that name at its default settings."""
    made = (OURS | BASELINES | RANGED).get(name)
    if made is None:
        raise UsageError(f"no model is called {name!r}; {nearest(name, model_names())}")
    return made()


def named_models(names: Sequence[str]) -> dict[str, Model]:
    """The models of these names, in their order; a name given twice is refused."""
    if not names:
        raise UsageError(f"no model is named; there are {', '.join(model_names())}")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UsageError(f"the model {twice[0]!r} is named twice")
    return {name: named_model(name) for name in names}


def refuse_unable(names: Sequence[str], able: Sequence[str], what: str) -> None:
    """Refuse, before anything is fitted, a model that is not among those `able` to do `what`."""
    for name in names:
        named_model(name)  # whether there is one
        if name not in able:
            raise UsageError(f"the model {name!r} cannot {what}; take {', '.join(able)}")


def rows_read(model: Model, given: int) -> int:
    """How many of the last `given` rows the model looks at: its longest window, or all."""
    own = (getattr(model, "window", None), *getattr(model, "windows", ()))
    return min(given, max((rows for rows in own if rows is not None), default=given))


def looking_at(model: Model, rows: int) -> Model:
    """The model with a window of `rows`, where it has one of its own that is shorter."""
    own = getattr(model, "window", None)
    if own is None or own >= rows or not is_dataclass(model) or isinstance(model, type):
        return model
    return replace(model, window=rows)


def through(models: Mapping[str, Model], transforms: Choice) -> dict[str, Transformed | InLevels]:
    """The models, made to read and write the user's units; a random walk is one of levels."""
    return {
        name: InLevels(model, transforms)
        if isinstance(model, RandomWalk)
        else Transformed(model, transforms)
        for name, model in models.items()
    }


def nearest(name: str, known: Sequence[str]) -> str:
    """A hint at what was meant: the closest names, or all of them."""
    close = difflib.get_close_matches(name.lower(), [str(item) for item in known], n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(close)}?"
    shown = ", ".join(str(item) for item in known[:20])
    return f"there are {shown}" + (f" and {len(known) - 20} more" if len(known) > 20 else "")
