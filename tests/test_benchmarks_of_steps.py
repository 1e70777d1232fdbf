"""What the benchmark of dear trainings holds ours against does the same work, and a step's parts are told apart."""

import torch

from benchmarks import parts, steps, training

CPU = torch.device("cpu")


def test_a_step_has_its_parts_and_the_network_stays_as_it_was(digits) -> None:
    model = training.build(training.SimpleCNN, 0, CPU)
    before = [one.clone() for one in model.parameters()]
    x, y = digits.x_train[:40], digits.y_train[:40]
    plain = parts.of_a_step(model, training.Shuffled(x, y, 20), 1e-3)
    attacked = parts.of_a_step(model, steps.Attacked(x, y, steps.PGD(0.3, alpha=0.1, steps=20), 20), 1e-3)
    assert tuple(plain) == tuple(attacked) == parts.PARTS
    assert plain["forward"] > plain["attack"] and attacked["attack"] > attacked["forward"] > 0
    assert all(torch.equal(one, two) for one, two in zip(before, model.parameters(), strict=True))


def test_the_plain_attack_takes_steps_of_pgd(trained, digits) -> None:
    x, y = digits.x_test[:20], digits.y_test[:20]
    trained.eval()
    near, far = (steps.pgd(trained, x, y, count) for count in (0, 40))
    for x_adv in (near, far):
        assert (x_adv - x).abs().max() <= steps.EPS + 1e-6 and x_adv.min() >= 0 and x_adv.max() <= 1
    losses = [torch.nn.functional.cross_entropy(trained(x_adv), y).item() for x_adv in (x, near, far)]
    assert losses[2] > 2 * max(losses[:2])


def test_the_plain_loop_starts_from_the_same_network_each_time(digits) -> None:
    x, y = digits.x_train[:8], digits.y_train[:8]
    start = steps.build(steps.MadryCNN, 0, CPU)
    size = steps.Size(images=8, epochs=1, batch_size=8, attack_steps=0)
    run = steps.with_loop(lambda: [(x, y)], start, size, CPU, compiled=False)
    first, again = ([one.clone() for one in run().parameters()] for _ in range(2))
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not torch.equal(first[0], next(iter(start.parameters())))
