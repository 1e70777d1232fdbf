"""The chapter on adversarial training."""
