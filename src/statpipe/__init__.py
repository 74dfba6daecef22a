"""statpipe brings official statistics from the agency into a lakehouse and into PostgreSQL."""

__version__ = "0.1.0"
