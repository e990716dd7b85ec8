"""A complete, searchable, provably current copy of a Hostaway account in MongoDB."""

__version__ = "0.1.0"
