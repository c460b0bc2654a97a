"""Control: a pole to balance, policies that balance it, and worlds with other physics.

| module | idea |
|---|---|
| ``cart_pole`` | the world: a cart, a pole, a motor, and what changes from world to world |
| ``policies`` | what pushes: four numbers, or a network; and how well it does |
| ``search`` | the cross-entropy method: improve four numbers by trial and selection |
"""

from course_lib.control.cart_pole import HOME, World, fallen, move
from course_lib.control.policies import (
    balance,
    balance_each,
    demonstrate,
    linear_policy,
    network_policy,
)
from course_lib.control.search import Search, cross_entropy_search

__all__ = [
    "HOME",
    "Search",
    "World",
    "balance",
    "balance_each",
    "cross_entropy_search",
    "demonstrate",
    "fallen",
    "linear_policy",
    "move",
    "network_policy",
]
