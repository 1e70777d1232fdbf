"""What a defence costs, by count: how often a gradient is taken of an image."""

from lib.chapters.adversarial_training.networks import FineTuned, MixedTrained


def an_image(training: FineTuned | MixedTrained, count: int) -> float:
    """Gradient passes an image of a defence's training: one for each step that it is in, one for each attack on it.

    Fine-tuning attacks each of its `count` images once. Mixed training attacks the smaller half of every batch, in
    every epoch, with as many passes as its attack has steps.
    """
    if isinstance(training, FineTuned):
        return training.epochs + 1.0
    whole, rest = divmod(count, training.batch_size)
    attacked = whole * (training.batch_size // 2) + rest // 2
    return training.epochs * (1 + attacked * getattr(training.attack, "steps", 1) / count)
