"""What is installed and configured: plugins, settings, credentials, executors, observers."""
