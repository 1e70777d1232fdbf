"""Training: one loop, the batches that it runs on, and the saved states from which it continues."""
