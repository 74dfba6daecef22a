"""Any data flow of any agency that speaks SDMX: a source by configuration alone."""
