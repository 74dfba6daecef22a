"""How figures were revised: the releases of each figure, and statistics of the revisions."""
