"""``python -m statpipe``."""

from statpipe.cli.app import main

main()
