"""SQLite and the vault: what survives a restart."""
