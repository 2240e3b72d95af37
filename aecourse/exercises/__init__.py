"""The exercises' own checks: they tell a learner at once what is right, and where to look."""

from aecourse.exercises.check import Check

__all__ = ["Check"]
