"""Runs of stages over sources, and maintenance of their results."""
