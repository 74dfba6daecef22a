"""A statpipe sink for Gold in PostgreSQL, embedded or on a server."""
