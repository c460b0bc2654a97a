r"""A cart on a rail, a pole on the cart: push left or right so that the pole stays up.

A. G. Barto, R. S. Sutton and C. W. Anderson, "Neuronlike adaptive elements that can solve difficult
learning control problems", *IEEE Transactions on Systems, Man, and Cybernetics* 13(5), 1983. Constants,
limits and Euler's steps are those of Gymnasium's ``CartPole-v1``; here the push may have any strength.

States are N×4: position (metres), velocity (m/s), angle from upright (radians), angular velocity (rad/s).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.errors import CourseError

EDGE = 2.4  # metres: beyond it the cart leaves the rail
TILT = 12 * np.pi / 180  # radians: beyond it the pole counts as fallen
STEP = 0.02  # seconds
_POSITIVE = ("gravity", "cart", "pole", "length")


@dataclass(frozen=True)
class World:
    """The physics of one cart and pole.

    Attributes:
        gravity: m/s².
        cart: Mass of the cart, kilograms.
        pole: Mass of the pole, kilograms.
        length: *Half* the pole's length, metres.
        motor: Newtons at full push; negative: the motor is wired the wrong way round.
        wind: Newtons on the cart, always; an array: for each of the states that move together.
    """

    gravity: float = 9.8
    cart: float = 1.0
    pole: float = 0.1
    length: float = 0.5
    motor: float = 10.0
    wind: float | np.ndarray = 0.0

    def __post_init__(self) -> None:
        wrong = [name for name in _POSITIVE if not getattr(self, name) > 0]
        if wrong:
            raise CourseError(
                f"A world needs {', '.join(wrong)} above 0.",
                f"World 的 {'、'.join(wrong)} 应大于 0。",
            )


HOME = World()


def move(states: np.ndarray, pushes: np.ndarray, world: World = HOME) -> np.ndarray:
    r"""Let 0.02 seconds pass.

    With the force :math:`F`, the masses :math:`m` (pole) and :math:`M` (both), half the length
    :math:`l` and the angle :math:`\theta`:

    .. math::
        u = \frac{F + m l \dot\theta^2 \sin\theta}{M}, \qquad
        \ddot\theta = \frac{g \sin\theta - u \cos\theta}
                           {l \left(\tfrac43 - \tfrac{m}{M} \cos^2\theta\right)}, \qquad
        \ddot x = u - \frac{m l}{M} \ddot\theta \cos\theta

    Args:
        states: N×4.
        pushes: N, from −1 (full to the left) to 1; more counts as 1.
        world: Whose physics.

    Returns:
        The states afterwards, N×4.
    """
    position, velocity, angle, turning = np.asarray(states, dtype=np.float64).T
    force = world.motor * np.clip(pushes, -1, 1) + world.wind
    whole, moment = world.cart + world.pole, world.pole * world.length
    sine, cosine = np.sin(angle), np.cos(angle)
    u = (force + moment * turning**2 * sine) / whole
    turn = (world.gravity * sine - u * cosine) / (
        world.length * (4 / 3 - world.pole * cosine**2 / whole)
    )
    gain = u - moment * turn * cosine / whole
    return np.stack(
        [
            position + STEP * velocity,
            velocity + STEP * gain,
            angle + STEP * turning,
            turning + STEP * turn,
        ],
        axis=1,
    )


def fallen(states: np.ndarray) -> np.ndarray:
    """Say which poles are down or carts off the rail: N×4 → N truth values."""
    return (np.abs(states[:, 0]) > EDGE) | (np.abs(states[:, 2]) > TILT)


def starts(episodes: int, seed: int, *, lean: float = 0.05) -> np.ndarray:
    """Draw beginnings: every entry evenly from −lean … lean, episodes×4."""
    return np.random.default_rng([seed, 4]).uniform(-lean, lean, size=(episodes, 4))
