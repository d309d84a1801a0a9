"""What the user can change."""
