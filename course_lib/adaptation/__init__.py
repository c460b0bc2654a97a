"""Between domains without training a network: NumPy and scikit-learn, features and outputs in.

Weights for source examples (``density_ratio``, ``TrAdaBoost``), other shares of the classes
(``label_shift``), the model's own answers as labels (``pseudo_labels``), classes known by their relations
(``relations``), and how to judge without target labels (``judging_blind``). What trains a network is in
``course_lib/{pytorch,keras}/adaptation.py``.
"""

from course_lib.adaptation.boosting import TrAdaBoost
from course_lib.adaptation.density import density_ratio, effective_sample_size
from course_lib.adaptation.judging_blind import (
    deep_embedded_validation,
    proxy_a_distance,
    target_certainty,
    target_information,
)
from course_lib.adaptation.label_shift import (
    draw_with_shares,
    label_weights,
    reweigh_outputs,
)
from course_lib.adaptation.pseudo_labels import confident
from course_lib.adaptation.relations import (
    RidgeMap,
    attribute_table,
    nearest_class,
    ridge_map,
    walk_with_restart,
)

__all__ = [
    "RidgeMap",
    "TrAdaBoost",
    "attribute_table",
    "confident",
    "deep_embedded_validation",
    "density_ratio",
    "draw_with_shares",
    "effective_sample_size",
    "label_weights",
    "nearest_class",
    "proxy_a_distance",
    "reweigh_outputs",
    "ridge_map",
    "target_certainty",
    "target_information",
    "walk_with_restart",
]
