"""Recommendation: what to show next.

| module | idea |
|---|---|
| ``reading_room`` | real articles, made readers, a log of sixty days |
| ``films`` | real films and ratings, from the network |
| ``past`` | what was known when a slate was shown: features without a leak |
| ``measures`` | precision, recall, MAP, MRR, NDCG; ties handled |
| ``slates`` | everything about a slate as one row of numbers; text as counted words |
"""

from course_lib.ranking.films import load_films
from course_lib.ranking.measures import (
    average_precision,
    expected_gains,
    judge,
    ndcg,
    precision_at,
    recall_at,
    reciprocal_rank,
)
from course_lib.ranking.past import past_click_rate, past_clicks, price_distance, split_by_day
from course_lib.ranking.reading_room import NOBODY, Catalogue, Log, open_catalogue, open_log
from course_lib.ranking.slates import count_words, pack_slates, word_table

__all__ = [
    "NOBODY",
    "Catalogue",
    "Log",
    "average_precision",
    "count_words",
    "expected_gains",
    "judge",
    "load_films",
    "ndcg",
    "open_catalogue",
    "open_log",
    "pack_slates",
    "past_click_rate",
    "past_clicks",
    "precision_at",
    "price_distance",
    "recall_at",
    "reciprocal_rank",
    "split_by_day",
    "word_table",
]
