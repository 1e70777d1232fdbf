"""Attacks of a reader's own: beside the book's where they keep to the ball, refused where they do not."""

import copy
import json
import random

import jsonschema
import numpy as np
import pytest
import torch
from devices import DEVICE
from judged import Around, in_place, nearest_mean
from torch import nn

from lib import attack, compute
from lib.judge import Refused, judge, loading, page, written
from lib.judge.card import card
from lib.judge.guarded import Guarded
from lib.judge.images import sample
from lib.judge.verdict import COLUMNS
from lib.measure.score import score

ASKED = {"steps": 1, "queries": 2, "n_lbfgs": 1, "n_images": 30, "eps": (0.3,)}
SCHEMA = json.loads((compute.ROOT / "lib" / "judge" / "verdict.schema.json").read_text())


def rounded(x: torch.Tensor) -> torch.Tensor:
    """Four grey levels, through which no gradient passes."""
    return (3 * x).round() / 3


def test_an_attack_made_for_a_defence_lowers_its_worst_case(few_to_judge, networks_to_judge, tmp_path) -> None:
    """One that knows the network behind the rounding: what follows the gradient of the whole finds nothing."""
    network, other = networks_to_judge

    def behind(model: nn.Module, x: torch.Tensor, y: torch.Tensor, eps: float) -> torch.Tensor:
        assert not x.requires_grad and float(eps) == 0.3
        return attack.PGD(eps=eps)(network, x, y)

    defended = Around(network, before=rounded)
    without, found = (judge(defended, other=other, attacks=own, **ASKED) for own in (None, {"behind & <it>": behind}))
    assert found.columns == (*COLUMNS, "behind & <it>") and without.columns == COLUMNS
    left = found.measured(0.3, "behind & <it>").mean
    assert left < without.safe(0.3).mean and found.safe(0.3).mean <= left
    for column in COLUMNS[1:]:
        assert np.array_equal(found.at[0.3].outcomes[column], without.at[0.3].outcomes[column])
    assert "behind & <it>" in card(found) and card(found).count("behind") == 2, (
        "its row, and what the worst case rests on"
    )
    assert "your own attacks" in " ".join(card(found).split()) and "judge it again" not in card(found)
    kept = written.as_json(found)
    jsonschema.validate(kept, SCHEMA)
    assert kept["attacks"]["own"] == ["behind & <it>"] and kept["at"][0]["accuracy"]["behind & <it>"]["mean"] == left
    shown = page.page(found, {0.3: None}, tmp_path)
    assert "behind &amp; &lt;it&gt;" in shown and "<it>" not in shown


class Defended(nn.Module):
    """The network of the page, whose rounding an attack goes around."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net((3 * x).round() / 3)


def test_the_page_s_attack_goes_around_a_defence_by_the_names_of_its_parts(few_to_judge, networks_to_judge) -> None:
    page_ = (compute.ROOT / "book" / "run_it_yourself.md").read_text()
    code = next(one for one in page_.split("```python\n") if one.startswith("def bpda")).split("```")[0]
    exec(code, names := {"torch": torch})
    network, other = networks_to_judge
    found = judge(Defended(network), other=other, attacks={"BPDA": names["bpda"]}, **ASKED)
    assert found.measured(0.3, "BPDA").mean < found.measured(0.3, "AutoAttack").mean


def test_under_guard_a_network_s_parts_have_their_own_names_and_places(networks_to_judge) -> None:
    network, _ = networks_to_judge
    around = Around(network, before=rounded)
    assert (
        Guarded(around).network is network and Guarded(around).before is rounded and Guarded(network)[1] is network[1]
    )
    with pytest.raises(AttributeError, match="'Around' object has no attribute 'net'"):
        print(Guarded(around).net)


def test_an_attack_finds_the_layers_of_the_network_and_not_the_guard_s(networks_to_judge) -> None:
    network, other = networks_to_judge
    watched = Guarded(network)
    assert [*watched.children()] == [*network] and len(watched) == len(network)
    assert dict(watched.named_children()) == dict(network.named_children())
    assert watched.state_dict().keys() == network.state_dict().keys()
    copy.deepcopy(other).load_state_dict(watched.state_dict())
    features = nn.Sequential(*list(watched.children())[:-1])
    x = torch.rand(2, 1, 28, 28, device=DEVICE)
    assert torch.equal(features(x), network[:-1](x))
    alone = copy.deepcopy(network)
    assert Guarded(alone).double().train().training and alone.training and alone[1].weight.dtype == torch.float64


def test_an_attack_draws_the_same_numbers_at_each_judgement(networks_to_judge, few_to_judge) -> None:
    network, other = networks_to_judge

    def drawn(model: nn.Module, x: torch.Tensor, y: torch.Tensor, eps: float) -> torch.Tensor:
        moved = eps * (torch.randn_like(x).sign() * np.random.choice([-1, 1]) * random.choice([-1, 1]))
        return (x + moved).clamp(0, 1)

    before = torch.get_rng_state(), random.getstate()
    once, again = (judge(network, other=other, attacks={"drawn": drawn}, **ASKED).at[0.3] for _ in range(2))
    assert np.array_equal(once.correct["drawn"], again.correct["drawn"])
    assert torch.equal(torch.get_rng_state(), before[0]) and random.getstate() == before[1]


@pytest.mark.survives(
    "inputs",
    "An attack of a reader's own leaves the ball, the range or the shape of the images, or gives no numbers.",
    "It is refused, with its name and what it did.",
)
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda model, x, y, eps: (x + 2 * eps).clamp(0, 1), "moves a pixel by 0.6, more than eps 0.3"),
        (lambda model, x, y, eps: x - eps, "outside"),
        (lambda model, x, y, eps: x * float("nan"), "gives pixels that are not numbers"),
        (lambda model, x, y, eps: x[:1], "not float32 (8, 1, 28, 28)"),
        (lambda model, x, y, eps: x.double(), "gives float64"),
        (lambda model, x, y, eps: x.cpu().numpy(), "gives a ndarray, not a tensor"),
        (lambda model, x, y, eps: 1 / 0, "raises ZeroDivisionError: division by zero (test_judge_own.py, line "),
        (lambda model, x, y, eps: torch.ones(2) @ x.flatten(), "(test_judge_own.py, line "),
        (lambda model, x, y: x, "raises TypeError: "),
    ],
)
def test_what_no_accuracy_at_this_eps_could_come_from_is_refused(made, said, few_to_judge, networks_to_judge) -> None:
    with pytest.raises(Refused, match=r"^the attack 'mine' ") as error:
        judge(networks_to_judge[0], attacks={"mine": made}, **ASKED)
    assert said in str(error.value)


@pytest.fixture
def mine(few_to_judge) -> nn.Module:
    """A network that an attack may spoil."""
    return nearest_mean(few_to_judge)


def test_an_attack_is_tried_on_a_few_images_before_all_others(networks_to_judge, few_to_judge, capsys) -> None:
    seen = []
    judge(networks_to_judge[0], other=networks_to_judge[1], attacks={"mine": noting(seen)}, **ASKED)
    assert seen == [8, 30] and capsys.readouterr().err.startswith("mine: tried on 8 images\n")


def noting(seen: list[int]):
    def attack(model: nn.Module, x: torch.Tensor, y: torch.Tensor, eps: float) -> torch.Tensor:
        seen.append(len(x))
        return x

    return attack


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("through what it is given", "the attack 'mine' changes the network's weights.*deepcopy"),
        ("through a reference of its own", "the attack 'mine' changes the network's weights.*deepcopy"),
        ("by another tensor", "the attack 'mine' changes the network's weights.*deepcopy"),
        ("by another layer", "the attack 'mine' makes the network answer otherwise.*deepcopy"),
        ("by a hook", "the attack 'mine' makes the network answer otherwise.*deepcopy"),
        ("by train()", "the attack 'mine' leaves the network in training mode"),
        ("by train() before it calls", "within the attack 'mine': the network is called in training mode.*deepcopy"),
    ],
)
def test_an_attack_that_changes_the_network_is_refused_and_the_network_put_back(how, said, mine) -> None:
    def changes(model: nn.Module, x: torch.Tensor, y: torch.Tensor, eps: float) -> torch.Tensor:
        if "train()" in how:
            model.train()
        if how != "by train()":
            nn.functional.cross_entropy(model(x), y).backward()
        if "given" in how:
            torch.optim.SGD(model.parameters(), lr=1.0).step()
        if "reference" in how:
            mine[1].weight.data.neg_()
        if "another tensor" in how:
            mine[1].weight = nn.Parameter(-mine[1].weight)
        if "layer" in how:
            mine[0] = nn.Sequential(nn.Flatten(), nn.Softplus()).eval()
        if "hook" in how:
            mine.register_forward_hook(lambda module, given, logits: logits.roll(1, 1))
        return x

    layers, hooks = [*mine], len(mine._forward_hooks)
    weight, mine[1].bias.grad = mine[1].weight, torch.ones(10, device=mine[1].bias.device)
    before = {name: one.clone() for name, one in mine.state_dict().items()}
    with pytest.raises(Refused, match=said):
        judge(mine, attacks={"mine": changes}, **ASKED)
    assert mine[1].weight is weight and all(torch.equal(one, before[name]) for name, one in mine.state_dict().items())
    assert weight.grad is None and mine[1].bias.grad.eq(1).all()
    assert not any(module.training for module in mine.modules())
    assert [*mine] == layers and len(mine._forward_hooks) == hooks


def test_an_attack_may_train_a_copy(mine, networks_to_judge) -> None:
    def through_a_copy(model: nn.Module, x: torch.Tensor, y: torch.Tensor, eps: float) -> torch.Tensor:
        surrogate = copy.deepcopy(model).train()
        nn.functional.cross_entropy(surrogate(x), y).backward()
        torch.optim.SGD(surrogate.parameters(), lr=0.1).step()
        return attack.FGSM(eps=eps)(surrogate.eval(), x, y)

    weights = mine[1].weight.clone()
    found = judge(mine, other=networks_to_judge[1], attacks={"copy": through_a_copy}, **ASKED)
    assert found.measured(0.3, "copy").mean < 0.9 and torch.equal(mine[1].weight, weights)


@pytest.mark.parametrize(
    ("own", "said"),
    [({"FGSM": print}, "a name that the table has not"), ({" ": print}, "called ' '"), ({"mine": 3}, "is a int")],
)
def test_an_attack_is_a_function_with_a_name_of_its_own(own, said, few_to_judge, networks_to_judge) -> None:
    with pytest.raises(Refused, match=said):
        judge(networks_to_judge[0], other=networks_to_judge[1], attacks=own, **ASKED)


def test_an_attack_is_named_as_a_network_is(tmp_path, monkeypatch) -> None:
    (tmp_path / "my_attacks.py").write_text("def mine(model, x, y, eps):\n    return x\n\n\nnumber = 3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert loading.attack("my_attacks:mine")(None, 7, None, 0.1) == 7
    for source, said in {
        "my_attacks:other": "it has mine",
        "my_attacks": "names no attack",
        "my_attacks:number": "int",
    }.items():
        with pytest.raises(Refused, match=said):
            loading.attack(source)


@torch.inference_mode()
def two_draws(model: nn.Module, x: torch.Tensor, y: torch.Tensor, eps: float) -> torch.Tensor:
    """Noise of one sign or the other, whichever fools the network; no gradient is asked for."""
    up, down = ((x + sign * eps).clamp(0, 1) for sign in (1, -1))
    fooled = model(up).argmax(1) != y
    return torch.where(fooled[:, None, None, None], up, down)


def test_an_attack_may_call_the_network_in_inference_mode(few_to_judge, networks_to_judge) -> None:
    network, other = networks_to_judge
    found = judge(network, other=other, attacks={"two draws": two_draws}, **ASKED)
    x, y = sample("digits", 30).images
    expected = score(network, two_draws(network, x, y, 0.3), y).correct
    assert np.array_equal(found.at[0.3].outcomes["two draws"], expected)


def test_a_network_that_writes_into_images_is_found_out_in_inference_mode_too(networks_to_judge, digits) -> None:
    held = Guarded(Around(networks_to_judge[0], before=in_place), 10)
    with torch.inference_mode(), pytest.raises(Refused, match="writes into the images"):
        held(digits.x_test[:2].clone())


def test_with_fewer_classes_the_target_is_one_that_the_network_has(few_to_judge) -> None:
    """Of five classes the last one's next is the first."""
    chosen = few_to_judge.y_test < 5
    x, y = few_to_judge.x_test[chosen][:30], few_to_judge.y_test[chosen][:30]
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 5)).to(x.device).eval()
    network[1].load_state_dict({name: one[:5] for name, one in nearest_mean(few_to_judge)[-1].state_dict().items()})
    found = judge(network, data=(x, y), **ASKED)
    towards = attack.FGSM(eps=0.3, targeted=True)(network, x, (y + 1) % 5)
    expected = score(network, towards, y).correct
    assert np.array_equal(found.at[0.3].outcomes["targeted FGSM"], expected) and 0 < expected.mean() < 1
