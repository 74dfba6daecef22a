"""Runs of stages over sources, and the care of what they leave."""
