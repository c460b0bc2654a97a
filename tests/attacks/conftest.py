"""Attacks run on the tiny course of tests/grading."""

from tests.grading.conftest import course, released_course, tiny_repository

__all__ = ["course", "released_course", "tiny_repository"]
