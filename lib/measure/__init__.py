"""What networks get right, clean and under attack, and how certain that is."""
