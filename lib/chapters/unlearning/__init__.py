"""The chapter on machine unlearning."""
