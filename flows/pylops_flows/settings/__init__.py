"""Settings of pipelines, and what is checked before anything starts."""
