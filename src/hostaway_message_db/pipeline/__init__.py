"""Bring in: extract, transform, load, and the proof that nothing is missing."""
