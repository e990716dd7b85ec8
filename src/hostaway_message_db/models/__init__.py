"""Frozen, typed values: what the pipeline handles once a record was read."""
