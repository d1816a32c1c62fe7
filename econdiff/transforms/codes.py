"""Transforms by their codes in FRED-MD and FRED-QD.

McCracken and Ng (2016), "FRED-MD: A Monthly Database for Macroeconomic Research", Journal of
Business & Economic Statistics 34(4), section 2:

    1  level             x_t                4  log                    log x_t
    2  difference        D x_t              5  log difference         D log x_t
    3  second difference D^2 x_t            6  second log difference  D^2 log x_t
    7  change of the growth rate            D (x_t / x_{t-1} - 1)

Codes 1 to 6 are a `Difference`, code 7 is `GrowthChange`.
"""

from econdiff.transforms.series import Difference, GrowthChange, Transform


def fred_md(code: int, per_year: int | None = None) -> Transform:
    """The transform of a code of FRED-MD and FRED-QD, 1 to 7.

    With `per_year` (4, 12, ...) changes of logarithms are in per cent at an annual rate.
    """
    scale = 100.0 * per_year if per_year else 1.0
    rate = ", annual rate" if per_year and per_year > 1 else ""
    changes = ("log difference", "change of the log difference")
    if per_year:
        changes = (f"per cent{rate}", f"change, percentage points{rate}")
    table: dict[int, Transform] = {
        1: Difference(),
        2: Difference(order=1, units="difference"),
        3: Difference(order=2, units="second difference"),
        4: Difference(log=True, units="log"),
        5: Difference(order=1, log=True, scale=scale, units=changes[0]),
        6: Difference(order=2, log=True, scale=scale, units=changes[1]),
        7: GrowthChange(),
    }
    if code not in table:
        raise ValueError(f"the codes of FRED-MD run from 1 to 7, got {code}")
    return table[code]
