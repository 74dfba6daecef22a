"""A source for any data flow of any agency with an SDMX service, by configuration alone."""
