"""What runs around flows: stages, heartbeats, monitoring, pausing, clusters."""
