"""The evidence of attacks on privacy, and the verdict that is drawn from it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

CLOSE = 0.7  # of strangers' nearest-neighbour ratio: less is following one record (honest: .85 up)


@dataclass(frozen=True)
class Copies:
    """Rows and records of synthetic panels that lie on a real one; rows that do by `chance`."""

    exact: int
    near: int
    records: int
    chance: float = 0.0

    @property
    def reasons(self) -> tuple[str, ...]:
        """What was found, in words; empty for nothing."""
        found = []
        if self.exact > self.chance + 2 * self.chance**0.5:
            by_chance = f" ({self.chance:.0f} by chance)" if self.chance else ""
            found.append(f"{self.exact} rows equal a real row{by_chance}")
        if self.near:
            found.append(f"{self.near} of {self.records} records lie on a real one")
        return tuple(found)


@dataclass(frozen=True)
class Privacy:
    """Evidence, and the limits that a release is held to.

    What was found on panels of a generator that saw half of the real panel; `released` are the
    copies in the panels that are handed out, where those were looked at as well. NaN is not known;
    `untested` says why members were not looked for.
    """

    exact: int
    near: int
    records: int
    nearer_to_members: float = np.nan
    ratio_synthetic: float = np.nan
    ratio_held_out: float = np.nan
    auc: float = np.nan
    auc_low: float = np.nan
    auc_high: float = np.nan
    released: Copies | None = None
    untested: str = "that takes the generator, fitted without some of the entities"
    chance: float = 0.0  # rows that are equal by it, where series are coarse

    @property
    def copies(self) -> Copies:
        """What lies on a real row or record."""
        return Copies(self.exact, self.near, self.records, self.chance)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not to release; empty where nothing was found."""
        found = list(self.copies.reasons)
        if self.released is not None:
            found += [f"in the panels released {told}" for told in self.released.reasons]
        if self.ratio_synthetic < CLOSE * self.ratio_held_out:
            found.append(
                "records follow one real record each: nearest-neighbour ratio "
                f"{self.ratio_synthetic:.2f}, of real strangers {self.ratio_held_out:.2f}"
            )
        if self.auc_low > 0.5 and self.auc > 0.55:
            found.append(
                f"members can be told: AUC {self.auc:.2f} ({self.auc_low:.2f} to "
                f"{self.auc_high:.2f})"
            )
        return tuple(found)

    @property
    def verdict(self) -> str:
        """The release verdict with its evidence."""
        if self.reasons:
            return "do not release: " + "; ".join(self.reasons)
        by_chance = self.exact or (self.released is not None and self.released.exact)
        beyond = " beyond chance" if by_chance else ""
        if np.isnan(self.auc):
            return (
                f"no copies{beyond} found; whether members can be told was not tested: "
                f"{self.untested}"
            )
        wide = " The interval is wide: few entities." if self.auc_high > 0.6 else ""
        return (
            f"no leak found by these attacks: 0 copies{beyond}, AUC {self.auc:.2f} "
            f"({self.auc_low:.2f} to {self.auc_high:.2f}).{wide} That is evidence, no guarantee"
        )

    def to_frame(self) -> pd.DataFrame:
        """A row a measure: what was found, and what it would be without any leak."""
        rows = [
            ("rows equal to a real row", self.exact, self.chance),
            ("records on a real record", self.near, 0),
            ("records compared", self.records, np.nan),
            ("share nearer to members than to the held out", self.nearer_to_members, 0.5),
            ("nearest-neighbour ratio", self.ratio_synthetic, self.ratio_held_out),
            ("membership AUC", self.auc, 0.5),
            ("membership AUC, low", self.auc_low, np.nan),
            ("membership AUC, high", self.auc_high, np.nan),
        ]
        if self.released is not None:
            rows += [
                ("released rows equal to a real row", self.released.exact, self.released.chance),
                ("released records on a real record", self.released.near, 0),
                ("released records compared", self.released.records, np.nan),
            ]
        return pd.DataFrame(rows, columns=["measure", "synthetic", "without a leak"])
