"""Outbound: the only package that speaks HTTP to Hostaway."""
