"""Grading: the judge, the sandbox, the gradebook."""
