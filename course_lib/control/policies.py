"""What pushes the cart, and how well it does.

A *policy* is a function of states N×4 that gives a push for each, N numbers (−1 … 1 is what the motor can).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from course_lib.control.cart_pole import HOME, World, fallen, move, starts
from course_lib.errors import CourseError

Policy = Callable[[np.ndarray], np.ndarray]

# What makes the four numbers of a state comparable: about how large each gets.
SCALE = np.array([1.0, 1.0, 0.1, 1.0])


def linear_policy(weights: np.ndarray) -> Policy:
    r"""Give the policy :math:`\text{push} = \sum_j w_j s_j / \text{scale}_j`: four numbers, no more.

    Args:
        weights: 4; or N×4, another policy for each of N states.
    """
    w = np.asarray(weights, dtype=np.float64)
    if w.shape[-1:] != (4,) or w.ndim > 2:
        raise CourseError(
            f"A linear policy has 4 weights, one for each number of a state; these have the shape {w.shape}.",
            f"线性策略有 4 个权重，状态的每个数一个；现在的形状是 {w.shape}。",
        )
    return lambda states: (states / SCALE * w).sum(axis=1)


def network_policy(arrays: Mapping[str, np.ndarray], *, told: Sequence[float] = ()) -> Policy:
    r"""Give the policy of a small network, computed in NumPy: what would run on the robot.

    .. math:: \text{push} = \max(0,\; s W_1^\top + b_1)\, W_2^\top + b_2

    Args:
        arrays: ``named_arrays(model)`` of a model like ``build_head(4, 1, hidden=(16,))``: its two
            weights (outputs×inputs) and two biases, in this order.
        told: What the network is told besides the state, the same at every step: its last inputs.
    """
    w_1, b_1, w_2, b_2 = (np.asarray(each, dtype=np.float64) for each in arrays.values())
    if w_1.shape[1] != len(SCALE) + len(told):
        raise CourseError(
            f"This network has {w_1.shape[1]} inputs; a state has 4, and it is told {len(told)} more.",
            f"这个网络有 {w_1.shape[1]} 个输入；状态有 4 个数，另外告诉它的有 {len(told)} 个。",
        )

    def policy(states: np.ndarray) -> np.ndarray:
        s = np.column_stack([scaled(states), np.tile(told, (len(states), 1))])
        return (np.maximum(0, s @ w_1.T + b_1) @ w_2.T + b_2)[:, 0]

    return policy


def scaled(states: np.ndarray) -> np.ndarray:
    """Give states as networks see them: each number about as large as the others, float32."""
    return (states / SCALE).astype(np.float32)


def balance(
    policy: Policy,
    world: World = HOME,
    *,
    episodes: int = 20,
    steps: int = 250,
    lean: float = 0.05,
    seed: int = 0,
) -> np.ndarray:
    """Let a policy balance, all episodes at once.

    Args:
        policy: Gives a push for each state.
        world: Whose physics.
        episodes: How many, each from its own beginning.
        steps: The longest that is looked at, of 0.02 seconds each.
        lean: How far from upright and rest they begin.
        seed: Draws the beginnings.

    Returns:
        How many steps each pole stayed up, 0 … ``steps``.
    """
    _, _, up = _roll(policy, world, starts(episodes, seed, lean=lean), steps)
    return up.sum(axis=0)


def balance_each(
    weights: np.ndarray,
    world: World = HOME,
    *,
    episodes: int = 5,
    steps: int = 250,
    lean: float = 0.05,
    seed: int = 0,
) -> np.ndarray:
    """Let many linear policies balance at once, each from the same beginnings.

    Args:
        weights: P×4.
        world, steps, lean, seed: As for :func:`balance`.
        episodes: How many for each.

    Returns:
        The mean number of steps of each, P.
    """
    policy = linear_policy(np.repeat(weights, episodes, axis=0))
    begun = np.tile(starts(episodes, seed, lean=lean), (len(weights), 1))
    _, _, up = _roll(policy, world, begun, steps)
    return up.sum(axis=0).reshape(len(weights), episodes).mean(axis=1)


def demonstrate(
    teacher: Policy,
    world: World = HOME,
    *,
    episodes: int = 5,
    steps: int = 250,
    lean: float = 0.05,
    noise: float = 0.0,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Let a teacher balance, and write down what it saw and what it did.

    Args:
        teacher, world, episodes, steps, lean, seed: As for :func:`balance`.
        noise: Standard deviation of a disturbance that is added to each push that is *made*; written
            down is what the teacher wanted. So the notes hold states that a perfect teacher never sees.
            M. Laskey et al., "DART: Noise injection for robust imitation learning", CoRL 2017.

    Returns:
        Scaled states M×4 and wanted pushes M×1 (within −1 … 1), float32, as ``fit`` takes them; steps
        after a fall are left out.
    """
    begun = starts(episodes, seed, lean=lean)
    disturb = noise * np.random.default_rng([seed, 5]).normal(size=(steps, episodes))
    states, pushes, up = _roll(teacher, world, begun, steps, disturb)
    wanted = np.clip(pushes, -1, 1)[up][:, None]
    return scaled(states[up]), wanted.astype(np.float32)


def _roll(
    policy: Policy, world: World, states: np.ndarray, steps: int, disturb: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give states T×N×4, pushes T×N and where the pole was still up, T×N; T ends with the last fall."""
    seen, made, up = [], [], []
    alive = ~fallen(states)
    for t in range(steps):
        pushes = np.asarray(policy(states), dtype=np.float64).reshape(len(states))
        seen.append(states)
        made.append(pushes)
        after = move(
            states, pushes if disturb is None else np.clip(pushes, -1, 1) + disturb[t], world
        )
        alive = alive & ~fallen(after)
        up.append(alive)
        states = np.where(alive[:, None], after, states)  # who has fallen stays lying
        if not alive.any():
            break
    return np.stack(seen), np.stack(made), np.stack(up)
