"""The four ways to the same figures."""
