"""Around flows: stages, heartbeats, monitoring, pausing, clusters."""
