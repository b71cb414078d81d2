"""Which weights a policy has: Stable-Baselines3's names and shapes, from the spec alone.

Notation
    o    numbers in an observation
    a    numbers in an action; for discrete actions, how many there are
    h    width of the last hidden layer
    W, b    weight (outputs, inputs) and bias (outputs,) of a layer, as torch stores them
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Literal

from rltransfer.training.policy_spec import DiscreteSpace, NetworkSpec, PolicySpec

__all__ = ["Layer", "Layout", "infer_network", "layout_of"]

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Layer:
    """A linear layer: its name, its width before and after, and whether it reads observations."""

    name: str
    inputs: int
    outputs: int
    reads: bool = False

    @property
    def weight(self) -> str:
        """The name of W."""
        return f"{self.name}.weight"

    @property
    def bias(self) -> str:
        """The name of b."""
        return f"{self.name}.bias"


@dataclass(frozen=True, slots=True)
class Layout:
    """All parameters of a policy.

    Attributes:
        actor: the layers from observation to action, in order.
        others: critics, target networks, and what else training needs.
        free: names and shapes of parameters that belong to no layer.
    """

    actor: list[Layer]
    others: list[Layer]
    free: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def layers(self) -> list[Layer]:
        """Every layer."""
        return self.actor + self.others

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every parameter's shape, by name."""
        shapes = dict(self.free)
        for layer in self.layers:
            shapes[layer.weight] = (layer.outputs, layer.inputs)
            shapes[layer.bias] = (layer.outputs,)
        return shapes


def layout_of(spec: PolicySpec) -> Layout:
    """Return the parameters that a policy of this description has."""
    o, a = spec.observation_space.size, spec.action_space.size
    discrete = isinstance(spec.action_space, DiscreteSpace)
    return LAYOUTS[spec.algorithm](spec.network, o, a, discrete)


def mlp(prefix: str, widths: Sequence[int]) -> list[Layer]:
    """Return the layers of a torch Sequential that alternates Linear and activation."""
    return [
        Layer(f"{prefix}.{2 * i}", inputs, outputs, reads=i == 0)
        for i, (inputs, outputs) in enumerate(pairwise(widths))
    ]


def headed(prefix: str, head: str, widths: Sequence[int], outputs: int) -> list[Layer]:
    """Return an mlp and the layer of another name that follows it."""
    hidden = mlp(prefix, widths)
    return [*hidden, Layer(head, widths[-1], outputs, reads=not hidden)]


def q_functions(net: NetworkSpec, o: int, a: int) -> list[Layer]:
    """Return the critics Q(s, a) and their targets."""
    names = [f"{role}.qf{i}" for role in ("critic", "critic_target") for i in range(net.critics)]
    return [layer for name in names for layer in mlp(name, [o + a, *net.critic, 1])]


def actor_critic(net: NetworkSpec, o: int, a: int, discrete: bool) -> Layout:
    """Return the parameters of PPO and A2C: π and V side by side."""
    actor = headed("mlp_extractor.policy_net", "action_net", [o, *net.actor], a)
    critic = headed("mlp_extractor.value_net", "value_net", [o, *net.critic], 1)
    log_std = (actor[-1].inputs, a) if net.use_sde else (a,)
    return Layout(actor, critic, {} if discrete else {"log_std": log_std})


def q_network(net: NetworkSpec, o: int, a: int, _discrete: bool) -> Layout:
    """Return the parameters of DQN: Q(s, ·) and its target."""
    widths = [o, *net.actor, a]
    return Layout(mlp("q_net.q_net", widths), mlp("q_net_target.q_net", widths))


def squashed_gaussian(net: NetworkSpec, o: int, a: int, _discrete: bool) -> Layout:
    """Return the parameters of SAC; with gSDE the mean is clipped and log σ is a matrix."""
    mean = "actor.mu.0" if net.use_sde else "actor.mu"
    actor = headed("actor.latent_pi", mean, [o, *net.actor], a)
    last = actor[-1]
    critics = q_functions(net, o, a)
    if net.use_sde:
        return Layout(actor, critics, {"actor.log_std": (last.inputs, a)})
    return Layout(actor, [Layer("actor.log_std", last.inputs, a, last.reads), *critics])


def deterministic(net: NetworkSpec, o: int, a: int, _discrete: bool) -> Layout:
    """Return the parameters of TD3: μ(s), Q(s, a) and their targets."""
    widths = [o, *net.actor, a]
    return Layout(mlp("actor.mu", widths), mlp("actor_target.mu", widths) + q_functions(net, o, a))


LAYOUTS: dict[str, Callable[[NetworkSpec, int, int, bool], Layout]] = {
    "PPO": actor_critic,
    "A2C": actor_critic,
    "DQN": q_network,
    "SAC": squashed_gaussian,
    "TD3": deterministic,
}


@dataclass(frozen=True, slots=True)
class Traces:
    """Where an algorithm's hidden layers can be read off: prefixes, and layers after them."""

    actor: str
    after_actor: int
    critic: str
    after_critic: int
    log_std: str


TRACES = {
    "PPO": Traces("mlp_extractor.policy_net", 0, "mlp_extractor.value_net", 0, "log_std"),
    "A2C": Traces("mlp_extractor.policy_net", 0, "mlp_extractor.value_net", 0, "log_std"),
    "DQN": Traces("q_net.q_net", 1, "", 0, ""),
    "SAC": Traces("actor.latent_pi", 0, "critic.qf0", 1, "actor.log_std"),
    "TD3": Traces("actor.mu", 1, "critic.qf0", 1, ""),
}


def infer_network(
    algorithm: str, shapes: Shapes, activation: Literal["tanh", "relu"]
) -> NetworkSpec:
    """Read a network's widths off its parameters' shapes.

    Says nothing about whether the shapes agree with one another: a policy checks that.
    """
    traces = TRACES[algorithm]
    return NetworkSpec(
        actor=widths_under(traces.actor, shapes, traces.after_actor),
        critic=widths_under(traces.critic, shapes, traces.after_critic),
        critics=sum(f"critic.qf{i}.0.weight" in shapes for i in range(64)),
        activation=activation,
        use_sde=len(shapes.get(traces.log_std, ())) == 2,
    )


def widths_under(prefix: str, shapes: Shapes, after: int) -> tuple[int, ...]:
    """Return the output widths of the layers under a prefix, without the last `after`."""
    widths = []
    for i in count(step=2):
        shape = shapes.get(f"{prefix}.{i}.weight", ())
        if len(shape) != 2:
            break
        widths.append(int(shape[0]))
    return tuple(widths[: len(widths) - after])
