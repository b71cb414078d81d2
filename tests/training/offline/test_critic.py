from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import torch

from rltransfer.errors import InvalidPolicy
from rltransfer.files import open_json, seal_json
from rltransfer.training.offline.critic import Critic, CriticStack
from rltransfer.training.offline.critic_spec import CriticSpec
from rltransfer.training.policy_spec import BoxSpace, DiscreteSpace, Normalization

STATS = Normalization(mean=(0.0, 1.0), var=(1.0, 4.0), count=9.0, return_var=4.0)
BUTTONS = DiscreteSpace(n=3)
LEVER = BoxSpace(low=(-2.0,), high=(4.0,))


def spec(space=BUTTONS, **changes):
    given = {"hidden": (5, 7), "gamma": 0.9, "normalization": STATS, "features": ("length",)}
    return CriticSpec(kind="iql", action_space=space, **(given | changes))


def critic(space=BUTTONS, seed=0, **changes):
    return Critic.random(spec(space, **changes), np.random.default_rng(seed))


def equal(one, other):
    return one.spec == other.spec and all(
        np.array_equal(one.weights[name], other.weights[name]) for name in one.weights
    )


def by_hand(weights, prefix, k, x):
    """A perceptron with relu, as torch's Linear layers would compute it."""
    for layer in (0, 2, 4):
        x = x @ weights[f"{prefix}.{layer}.weight"][k].T + weights[f"{prefix}.{layer}.bias"][k]
        x = np.maximum(x, 0.0) if layer < 4 else x
    return x


def states(groups, rows=6, seed=1):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(groups, rows, 2, generator=generator)
    return z, torch.rand(groups, rows, 1, generator=generator)


def test_discrete_values_are_those_of_the_networks_one_by_one():
    critics = [critic(seed=seed) for seed in range(3)]
    z, c = states(3)
    actions = torch.randint(3, (3, 6), generator=torch.Generator().manual_seed(0))
    stack = CriticStack.of(critics)
    for g, own in enumerate(critics):
        x = torch.cat([z, c], dim=-1)[g].numpy()
        q = np.minimum(by_hand(own.weights, "q", 0, x), by_hand(own.weights, "q", 1, x))
        v = by_hand(own.weights, "v", 0, x)
        chosen = q[np.arange(6), actions[g].numpy()]
        with torch.no_grad():
            np.testing.assert_allclose(stack.q_all(z, c)[g], q, atol=1e-6)
            np.testing.assert_allclose(stack.q_min(z, c, actions)[g], chosen, atol=1e-6)
            np.testing.assert_allclose(stack.v(z, c)[g], v[:, 0], atol=1e-6)
            np.testing.assert_allclose(stack.advantages(z, c)[g], q - v, atol=1e-6)
            found = stack.advantage(z, c, actions)[g]
            np.testing.assert_allclose(found, chosen - v[:, 0], atol=1e-6)


def test_continuous_values_are_those_of_the_networks_with_actions_scaled_and_clipped():
    critics = [critic(LEVER, seed=seed) for seed in range(2)]
    z, c = states(2)
    actions = torch.linspace(-5.0, 7.0, 12).view(2, 6, 1)
    scaled = np.clip((actions.numpy() - 1.0) / 3.0, -1.0, 1.0)
    for g, own in enumerate(critics):
        x = np.concatenate([z[g], c[g], scaled[g]], axis=1)
        q = np.minimum(by_hand(own.weights, "q", 0, x), by_hand(own.weights, "q", 1, x))
        with torch.no_grad():
            found = CriticStack.of(critics).q_min(z, c, actions)[g]
        np.testing.assert_allclose(found, q[:, 0], atol=1e-6)


def test_without_hidden_features_c_has_no_column():
    stack = CriticStack.of([critic(features=())])
    z, _ = states(1)
    assert stack.q_all(z, torch.empty(1, 6, 0)).shape == (1, 6, 3)


def test_only_discrete_actions_can_all_be_rated():
    with pytest.raises(InvalidPolicy, match="only a critic of discrete actions"):
        CriticStack.of([critic(LEVER)]).q_all(*states(1))


def test_a_stack_gives_back_the_critics_it_was_made_of():
    critics = [critic(seed=seed) for seed in range(3)]
    back = CriticStack.of(critics).critics()
    assert all(equal(one, other) for one, other in zip(critics, back, strict=True))


def test_critics_side_by_side_may_differ_in_statistics_and_discount_only():
    other = Normalization(mean=(5.0, 6.0), var=(1.0, 4.0), count=9.0)
    CriticStack.of([critic(), critic(normalization=other, gamma=0.5)])
    with pytest.raises(InvalidPolicy, match=r"their hidden is \(5, 7\) and \(8,\)"):
        CriticStack.of([critic(), critic(hidden=(8,))])
    with pytest.raises(InvalidPolicy, match="their q_count is 2 and 1"):
        CriticStack.of([critic(), critic(q_count=1)])


def test_the_unit_is_the_deviation_of_returns():
    assert spec().reward_scale == pytest.approx(2.0)
    raw = STATS.model_copy(update={"return_var": None})
    assert spec(normalization=raw).reward_scale == 1.0


def test_the_input_is_standardised_and_told_the_context_that_the_policy_will_act_in(new_chain):
    short, long = new_chain(episodes=20, length=0.5), new_chain(episodes=20, length=2.0)
    stats = Normalization(mean=(1.0,) * 4, var=(4.0,) * 4, count=1.0)
    own = critic(normalization=stats, features=("length",))
    z, c = own.inputs(short.problem, long.data)
    np.testing.assert_allclose(z[0], (long.data.observations - 1.0) / 2.0, atol=1e-6)
    expected = short.problem.env.space.select(("length",)).to_unit([short.problem.contexts[0]])
    np.testing.assert_allclose(c[0], np.repeat(expected, len(long.data), axis=0), atol=1e-6)


@pytest.mark.parametrize("space", [BUTTONS, LEVER], ids=["discrete", "continuous"])
def test_a_critic_survives_the_disk_and_the_way_to_a_worker(space, tmp_path):
    own = critic(space)
    own.save(tmp_path)
    assert equal(Critic.load(tmp_path), own)
    assert equal(pickle.loads(pickle.dumps(own)), own)
    assert {path.name for path in tmp_path.iterdir()} == {"critic.json", "critic.safetensors"}


def flip_a_byte(folder):
    path = folder / "critic.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def edit(folder, **changes):
    path = folder / "critic.json"
    path.write_text(seal_json(open_json(path.read_bytes()) | changes))


def edit_spec(folder, **changes):
    edit(folder, spec=json.loads((folder / "critic.json").read_text())["spec"] | changes)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip_a_byte, "critic.safetensors is not the file that critic.json describes"),
        (lambda f: (f / "critic.safetensors").unlink(), "critic.safetensors cannot be read"),
        (lambda f: (f / "critic.json").write_text("{"), "critic.json is not the JSON"),
        (lambda f: (f / "critic.json").write_text('{"a": 1, "a": 2}'), "a key is repeated"),
        (lambda f: edit(f, format=2), "has format 2; this version reads 1"),
        (lambda f: edit_spec(f, gamma=2.0), "spec.gamma must be "),
        (lambda f: edit_spec(f, colour="red"), "spec.colour: this key is unknown"),
        (lambda f: edit_spec(f, hidden=[9, 7]), "must have the shape"),
        (lambda f: edit_spec(f, hidden=[5]), "is unknown"),
    ],
)
def test_a_damaged_folder_is_a_sentence(damage, message, tmp_path):
    critic().save(tmp_path)
    damage(tmp_path)
    with pytest.raises(InvalidPolicy, match=message):
        Critic.load(tmp_path)


def test_weights_that_are_not_finite_are_refused():
    weights = dict(critic().weights)
    weights["v.0.bias"] = np.full((1, 5), np.nan, np.float32)
    with pytest.raises(InvalidPolicy, match=r"'v\.0\.bias' has values that are not finite"):
        Critic(spec(), weights)
