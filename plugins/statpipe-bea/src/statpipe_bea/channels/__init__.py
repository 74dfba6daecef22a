"""The four ways to get the same figures."""
