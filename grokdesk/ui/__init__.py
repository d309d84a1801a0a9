"""Native windows; Qt only."""
