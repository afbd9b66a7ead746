"""Settings of pipelines, and their checks before anything starts."""
