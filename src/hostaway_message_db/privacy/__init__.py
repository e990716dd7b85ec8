"""Erasure, subject access and retention; speaks neither HTTP nor MongoDB."""
