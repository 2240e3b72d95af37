"""Measurements: speed against peers, and the recorded results."""
