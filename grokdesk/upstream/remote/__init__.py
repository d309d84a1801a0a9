"""Files at addresses that a client named: fetched from where the caller says, and nowhere else."""
