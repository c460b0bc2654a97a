"""Control: the physics against its equations, policies, demonstrations, the search."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib import control
from course_lib.control import HOME, World, balance, demonstrate, linear_policy, network_policy
from course_lib.control.cart_pole import STEP, starts
from course_lib.errors import CourseError

GOOD = np.array([0.3, 0.5, 1.5, 1.0])


def test_one_step_is_that_of_the_published_equations():
    # By hand for one state: Barto, Sutton and Anderson's equations without friction, Gymnasium's constants.
    x, v, angle, turning, push = 0.1, -0.2, 0.05, 0.3, 1.0
    force, mass, ml = 10.0 * push, 1.1, 0.05
    top = 9.8 * np.sin(angle) + np.cos(angle) * (-force - ml * turning**2 * np.sin(angle)) / mass
    turn = top / (0.5 * (4 / 3 - 0.1 * np.cos(angle) ** 2 / mass))
    gain = (force + ml * (turning**2 * np.sin(angle) - turn * np.cos(angle))) / mass
    expected = [x + STEP * v, v + STEP * gain, angle + STEP * turning, turning + STEP * turn]
    found = control.move(np.array([[x, v, angle, turning]]), np.array([push]))
    assert np.allclose(found, expected, rtol=1e-12)


def test_the_motor_has_a_limit_and_may_be_wired_the_wrong_way():
    states = starts(5, 0)
    strong, full = control.move(states, np.full(5, 9.0)), control.move(states, np.ones(5))
    assert np.array_equal(strong, full)
    back = control.move(states, -np.ones(5), World(motor=-10.0))
    assert np.allclose(back, full)
    with pytest.raises(CourseError, match="length"):
        World(length=0.0)


def test_falling_is_noticed_and_final():
    states = np.array([[0, 0, 0, 0], [2.5, 0, 0, 0], [0, 0, 0.22, 0], [-2.5, 0, 0, 0]], dtype=float)
    assert control.fallen(states).tolist() == [False, True, True, True]
    nothing = balance(linear_policy(np.zeros(4)), episodes=30, steps=250)
    good = balance(linear_policy(GOOD), episodes=30, steps=250)
    assert nothing.max() < 150 and good.min() == 250
    upside_down = balance(linear_policy(-GOOD), episodes=30, steps=250)
    assert upside_down.max() < 30


def test_the_same_seed_gives_the_same_episodes():
    policy = linear_policy(np.zeros(4))
    assert np.array_equal(balance(policy, seed=3), balance(policy, seed=3))
    assert not np.array_equal(balance(policy, seed=3), balance(policy, seed=4))


def test_demonstrations_hold_what_was_seen_and_wanted():
    x, y = demonstrate(linear_policy(GOOD), episodes=3, steps=50, noise=0.5, seed=1)
    assert x.shape == (150, 4) and y.shape == (150, 1) and x.dtype == y.dtype == np.float32
    assert np.allclose(y[:, 0], np.clip(x @ GOOD, -1, 1), atol=1e-5), (
        "what it wanted, not what was done"
    )
    calm, _ = demonstrate(linear_policy(GOOD), episodes=3, steps=50, seed=1)
    assert x.std(axis=0)[3] > calm.std(axis=0)[3], "the disturbance shows it more states"
    x, _ = demonstrate(linear_policy(-GOOD), episodes=3, steps=50)
    assert 0 < len(x) < 100, "nothing is written down after a fall"


def test_a_network_policy_is_the_network():
    rng = np.random.default_rng(0)
    arrays = {
        "0.weight": rng.normal(size=(3, 5)),
        "0.bias": rng.normal(size=3),
        "2.weight": rng.normal(size=(1, 3)),
        "2.bias": rng.normal(size=1),
    }
    states = starts(2, 0)
    found = network_policy(arrays, told=(-1.0,))(states)
    s = np.append(states[1] / [1, 1, 0.1, 1], -1)
    hidden = np.maximum(0, arrays["0.weight"] @ s + arrays["0.bias"])
    assert np.isclose(found[1], (arrays["2.weight"] @ hidden + arrays["2.bias"])[0], atol=1e-5)
    with pytest.raises(CourseError, match="5 inputs"):
        network_policy(arrays)
    with pytest.raises(CourseError, match="4 weights"):
        linear_policy(np.ones(3))


def test_many_policies_at_once_are_the_same_as_one_by_one():
    weights = np.stack([GOOD, np.zeros(4), -GOOD])
    each = control.balance_each(weights, episodes=6, steps=100, seed=3)
    one_by_one = [balance(linear_policy(w), episodes=6, steps=100, seed=3).mean() for w in weights]
    assert np.allclose(each, one_by_one)


def test_the_search_finds_a_maximum_and_the_pole_stays_up():
    goal = np.array([1.0, -2.0, 0.5])
    found = control.cross_entropy_search(
        lambda w: -((w - goal) ** 2).sum(axis=1),
        np.zeros(3),
        rounds=15,
        candidates=60,
        elite=12,
        spread=2.0,
    )
    assert np.allclose(found.best, goal, atol=0.1) and found.means.shape == (16, 3)
    assert found.scores.shape == (15, 60) and found.scores[-1].mean() > found.scores[0].mean()
    search = control.cross_entropy_search(
        lambda w: control.balance_each(w, HOME, episodes=4), np.zeros(4), rounds=4, seed=1
    )
    assert balance(linear_policy(search.best), seed=99).mean() > 240
    with pytest.raises(CourseError, match="elite"):
        control.cross_entropy_search(lambda w: w[:, 0], np.zeros(2), elite=0)


def test_states_that_move_together_may_each_have_a_wind() -> None:
    states, pushes = np.random.default_rng(0).normal(size=(3, 4)), np.array([-1.0, 0.2, 2.0])
    together = control.move(states, pushes, control.World(wind=np.array([-5.0, 0.0, 5.0])))
    for i, wind in enumerate((-5.0, 0.0, 5.0)):
        alone = control.move(states[i : i + 1], pushes[i : i + 1], control.World(wind=wind))
        np.testing.assert_array_equal(together[i : i + 1], alone)
