"""Item models over immutable snapshots."""
