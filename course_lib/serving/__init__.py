"""From notebook to service: judge a model file, serve a model, measure, watch, replace.

One idea per module. Nothing here needs a deep-learning framework; a model comes in as a function
``images uint8 N×H×W×C → logits N×K``.
"""

from course_lib.serving.card import card_page, faults_of_card, write_card
from course_lib.serving.contract import Contract, RequestError, read_images
from course_lib.serving.inspecting import FileReport, inspect_file
from course_lib.serving.latency import percentiles, time_calls
from course_lib.serving.monitor import Monitor, calibrate_monitor
from course_lib.serving.newsroom import draw_days
from course_lib.serving.promotion import Decision, decide
from course_lib.serving.quantising import dequantise, quantise_rows
from course_lib.serving.releases import Releases
from course_lib.serving.sequential import (
    cumulative_sum,
    first_alarms,
    quiet_runs,
    threshold_within,
)
from course_lib.serving.service import Service, running
from course_lib.serving.stream import paper_turns_grey, weekly_pictures

__all__ = [
    "Contract",
    "Decision",
    "FileReport",
    "Monitor",
    "Releases",
    "RequestError",
    "Service",
    "calibrate_monitor",
    "card_page",
    "cumulative_sum",
    "decide",
    "dequantise",
    "draw_days",
    "faults_of_card",
    "first_alarms",
    "inspect_file",
    "paper_turns_grey",
    "percentiles",
    "quantise_rows",
    "quiet_runs",
    "read_images",
    "running",
    "threshold_within",
    "time_calls",
    "weekly_pictures",
    "write_card",
]
