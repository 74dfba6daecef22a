"""How figures were revised: releases of each figure, and what statistics say of revisions."""
