"""Bus, tasks, clock, logs and paths; no domain rule in here."""
