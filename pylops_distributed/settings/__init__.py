"""Settings of solvers and tagged unions of settings, as pydantic models."""
