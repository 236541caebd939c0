"""Encoders: what a library can index with."""
