from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from rltransfer.training.network import infer_network, layout_of
from rltransfer.training.policy_spec import BoxSpace, DiscreteSpace, NetworkSpec, PolicySpec

widths = st.lists(st.integers(1, 9), max_size=3).map(tuple)
activations = st.sampled_from(["tanh", "relu"])


def spec_of(algorithm, network, o, a):
    discrete = algorithm == "DQN" or (algorithm in ("PPO", "A2C") and a % 2 == 0)
    box = BoxSpace(low=(None,) * a, high=(None,) * a)
    return PolicySpec(
        algorithm=algorithm,
        network=network,
        observation_space=BoxSpace(low=(None,) * o, high=(None,) * o),
        action_space=DiscreteSpace(n=a) if discrete else box,
        env="toy",
    )


@st.composite
def specs(draw):
    algorithm = draw(st.sampled_from(["PPO", "A2C", "DQN", "SAC", "TD3"]))
    o, a = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    critics = draw(st.integers(1, 3)) if algorithm in ("SAC", "TD3") else 0
    continuous = algorithm == "SAC" or (algorithm in ("PPO", "A2C") and a % 2 == 1)
    network = NetworkSpec(
        actor=draw(widths),
        critic=() if algorithm == "DQN" else draw(widths),
        critics=critics,
        activation=draw(activations),
        use_sde=continuous and draw(st.booleans()),
    )
    return spec_of(algorithm, network, o, a)


def test_names_and_shapes_are_stable_baselines3s(trained):
    state = trained.agent.policy.state_dict()
    expected = {name: tuple(tensor.shape) for name, tensor in state.items()}
    assert layout_of(trained.policy.spec).shapes == expected


@given(specs())
def test_a_network_is_read_off_its_own_shapes(spec):
    shapes = layout_of(spec).shapes
    assert infer_network(spec.algorithm, shapes, spec.network.activation) == spec.network


@given(specs())
def test_layers_that_read_observations_are_the_first_of_their_chains(spec):
    o, a = spec.observation_space.size, spec.action_space.size
    layout = layout_of(spec)
    for layer in layout.layers:
        if layer.reads:
            assert layer.inputs in (o, o + a)
    assert layout.actor[0].reads
    assert math.prod(layout.shapes[layout.actor[-1].bias]) == a
