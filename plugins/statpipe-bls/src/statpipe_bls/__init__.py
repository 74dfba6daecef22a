"""Surveys of the Bureau of Labor Statistics (BLS) for statpipe."""
