"""What one chapter alone needs, a package each."""
