"""Gold in PostgreSQL, embedded or served, as a statpipe sink."""
