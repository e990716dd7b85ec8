"""Take out: search, threads, the state of the copy."""
