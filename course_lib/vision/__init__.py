"""Vision beyond a label: boxes, masks, patients; all in NumPy. The heads are ``course_lib.pytorch.maps``.

| module | idea |
|---|---|
| ``boxes`` | overlap of boxes, a grid of cells that names them, suppression of what is said twice |
| ``precision`` | hits and false alarms, precision and recall, mean average precision |
| ``places`` | answers at every place: confusion, intersection over union |
| ``pages`` | handwritten digits on scribbled paper, with boxes and masks |
| ``phantoms`` | made-up patients, several pictures of each, some with a lesion |
| ``screening`` | sensitivity, specificity, a threshold and what it means |
"""

from course_lib.vision.boxes import (
    box_iou,
    box_of_mask,
    cell_middles,
    decode_boxes,
    encode_boxes,
    suppress,
)
from course_lib.vision.pages import Pages, draw_pages
from course_lib.vision.phantoms import GROUPS, Phantoms, draw_phantoms
from course_lib.vision.places import count_pairs, iou_of_classes
from course_lib.vision.precision import (
    Found,
    average_precision,
    detections,
    match,
    mean_average_precision,
    precision_recall,
)
from course_lib.vision.screening import (
    Rates,
    area_under_curve,
    curve,
    predictive_value,
    rates,
    threshold_for,
)

__all__ = [
    "GROUPS",
    "Found",
    "Pages",
    "Phantoms",
    "Rates",
    "area_under_curve",
    "average_precision",
    "box_iou",
    "box_of_mask",
    "cell_middles",
    "count_pairs",
    "curve",
    "decode_boxes",
    "detections",
    "draw_pages",
    "draw_phantoms",
    "encode_boxes",
    "iou_of_classes",
    "match",
    "mean_average_precision",
    "precision_recall",
    "predictive_value",
    "rates",
    "suppress",
    "threshold_for",
]
