"""Pure values and errors; standard library only."""
