"""What a page shows, without widgets."""
