"""The only package that speaks MongoDB."""
