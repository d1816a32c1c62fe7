"""Classifier-free guidance: lean more, or less, on the history.

A network that was trained with its history left out now and then knows two laws, that of
futures given the history and that of futures of any history. Between their velocities,

    v = v_untold + strength (v_told - v_untold)

Ho and Salimans (2022), eq. 6, with 1 + w = `strength`; written there for the noise, of which
the velocity is an affine function at every level, so it is the same line.
"""

from torch import Tensor

from econdiff.diffusion.views import Velocity


def lean(told: Velocity, untold: Velocity, strength: float) -> Velocity:
    """The velocity that leans on the history by `strength`.

    1 is `told` itself and asks `untold` nothing; 0 is `untold`; above 1 exaggerates what the
    history says: narrower than the law that was learned, and no conditional law of anything.
    """
    if strength == 1:
        return told
    if strength < 0:
        raise ValueError(f"strength on the history must not be negative, got {strength}")

    def leaning(x: Tensor, angle: Tensor) -> Tensor:
        without = untold(x, angle)
        return without + strength * (told(x, angle) - without)

    return leaning
