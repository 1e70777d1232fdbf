"""Training: one loop, the batches that it runs on, and the states that it goes on from."""
