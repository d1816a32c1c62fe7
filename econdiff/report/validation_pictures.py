"""The figures of a validation of market risk."""

from matplotlib.figure import Figure

from econdiff.report import risk as draw
from econdiff.report.validation_tables import SHOWN, Validation, first_level, parts_of


def pictures(found: Validation) -> dict[str, Figure]:
    """The figures that lie beside the page as files, of the first portfolios."""
    made: dict[str, Figure] = {}
    for place, portfolio in enumerate(found.portfolios[:SHOWN]):
        end = "" if place == 0 else f"-{place + 1}"
        risk = found.risk.loc[
            (found.risk["model"] == found.subject) & (found.risk["portfolio"] == portfolio)
        ]
        weights = found.weights.loc[:, portfolio]
        made[f"losses{end}"] = draw.losses(
            found.assets[found.subject], weights, found.horizons, risk
        )
        made[f"contributions{end}"] = draw.contributed(parts_of(found, portfolio, "asset"))
        if found.tracks:
            tables = {track.model: track.frame(first_level(found)) for track in found.of(portfolio)}
            alpha = found.alphas[first_level(found)]
            made[f"exceptions{end}"] = draw.exceptions_by_model(tables, alpha)
            if len(next(iter(tables.values()))) >= draw.YEAR + draw.WINDOWS:
                made[f"traffic{end}"] = draw.traffic(tables, alpha, found.periods)
        for past in found.longer:
            mine = [track for track in past.tracks if track.portfolio == portfolio]
            tables = {track.model: track.frame(first_level(found)) for track in mine}
            made[f"exceptions-{past.horizon}-steps{end}"] = draw.exceptions_by_model(
                tables, found.alphas[first_level(found)]
            )
        if found.scenarios is not None:
            made[f"scenarios{end}"] = draw.scenario_fans(found.scenarios.drawn, weights)
    return made
