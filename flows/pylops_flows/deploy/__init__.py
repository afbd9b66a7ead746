"""Deployments, and server, work pool and worker together."""
