"""Attacks run on the tiny course of tests/grading."""

from tests.grading.conftest import course, fresh_course, released_course, tiny_repository

__all__ = ["course", "fresh_course", "released_course", "tiny_repository"]
