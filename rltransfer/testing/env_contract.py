"""What every environment family must do, as tests to inherit.

    class TestMyFamily(EnvironmentContract):
        name = "my_family"           # its id in the catalogue

Override `policy` where random actions never come to where a feature matters, such as a goal.
"""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.registration import register_all
from rltransfer.errors import InvalidContext
from rltransfer.testing import env_checks
from rltransfer.testing.batches import compare_batch, compare_vectors
from rltransfer.testing.probes import other_context
from rltransfer.testing.traces import record_actions, replay

__all__ = ["EnvironmentContract"]

SEED = 7

EXPECTED_WARNINGS = (
    "is different from the unwrapped version",  # a context is worn as a wrapper
    "space minimum value is -infinity",
    "space maximum value is infinity",
    "symmetric and normalized space",  # Gymnasium's Pendulum has torques of 2
)


class EnvironmentContract:
    """Every feature moves the transition; contexts return, keep apart and are checked.

    Attributes:
        name: the family's id in the catalogue.
        steps: length of the action sequences.
        tolerance: how far a batch may be from its scalar environment; 0 asks for equal bits.
    """

    name: ClassVar[str]
    steps: ClassVar[int] = 200
    tolerance: ClassVar[float] = 0.0

    def policy(self, observation: Any) -> Any:
        """Return an action; samples the action space."""
        return self._action_space.sample()

    @pytest.fixture(autouse=True)
    def _prepare(self) -> None:
        self._action_space = make(self.name).make().action_space
        self._action_space.seed(SEED)

    @pytest.fixture
    def env(self) -> ContextualEnv:
        """Return the family."""
        return make(self.name)

    @pytest.fixture
    def actions(self, env: ContextualEnv) -> list[Any]:
        """Return the actions of one episode in the default context."""
        return record_actions(env.make(), self.policy, self.steps, SEED)

    # -- physics -------------------------------------------------------------------------------

    def test_every_feature_moves_the_transition(
        self, env: ContextualEnv, actions: list[Any]
    ) -> None:
        """A feature that changes nothing is a fake context."""
        for feature in env.space:
            env_checks.a_feature_moves_the_transition(env, feature, actions, SEED)

    def test_corners_stay_finite(self, env: ContextualEnv) -> None:
        """The ends of all ranges together give numbers."""
        env_checks.corners_stay_finite(env, self._random_actions(self.steps), SEED)

    def test_a_seed_decides_everything(self, env: ContextualEnv, actions: list[Any]) -> None:
        """The same seed gives the same episode, in one instance and in another."""
        env_checks.a_seed_decides_everything(env, actions, SEED)

    def test_a_context_comes_and_goes(self, env: ContextualEnv, actions: list[Any]) -> None:
        """`reset(options={"context": ...})` equals building anew, there and back."""
        env_checks.a_context_comes_and_goes(env, actions, SEED)

    def test_instances_keep_apart(self, env: ContextualEnv, actions: list[Any]) -> None:
        """Two contexts stepped in turn are what each is alone."""
        env_checks.instances_keep_apart(env, actions, SEED)

    # -- Gymnasium -----------------------------------------------------------------------------

    def test_spaces_do_not_depend_on_the_context(self, env: ContextualEnv) -> None:
        """One policy fits all members."""
        env_checks.spaces_do_not_depend_on_the_context(env, [], SEED)

    @pytest.mark.parametrize("visible", [False, True], ids=["hidden", "visible"])
    def test_gymnasium_approves(self, env: ContextualEnv, visible: bool) -> None:
        """`check_env` passes without a warning that matters."""
        member = self._registered(env, observe=env.space.names if visible else ())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            check_env(member, skip_render_check=True)
        texts = [str(warning.message) for warning in caught]
        assert not [t for t in texts if not any(known in t for known in EXPECTED_WARNINGS)]

    def test_a_spec_in_json_rebuilds_it(self, env: ContextualEnv, actions: list[Any]) -> None:
        """Name and context survive as text."""
        member = self._registered(env, observe=env.space.names[:1])
        assert member.spec is not None
        rebuilt = gym.make(EnvSpec.from_json(member.spec.to_json()))
        assert replay(rebuilt, actions, SEED) == replay(member, actions, SEED)

    def test_the_context_can_be_seen(self, env: ContextualEnv) -> None:
        """Visible features follow the observation, on the unit cube; `info` tells all of them."""
        other = other_context(env.space)
        plain, info = env.make(other).reset(seed=SEED)
        shown, _ = env.make(other, observe=env.space.names).reset(seed=SEED)
        assert info["context"] == dict(other)
        units = env.space.to_unit([other])[0].astype(plain.dtype)
        np.testing.assert_array_equal(shown, np.concatenate([plain, units]))

    # -- messages ------------------------------------------------------------------------------

    def test_a_value_outside_the_range_is_refused(self, env: ContextualEnv) -> None:
        """The message names feature, unit, range and the nearest value."""
        feature = env.space.features[0]
        for value, nearest in ((2 * abs(feature.high) + 1, feature.high), (-1e9, feature.low)):
            with pytest.raises(InvalidContext) as caught:
                env.make({feature.name: value})
            for part in (feature.name, feature.range_text, f"allowed value is {nearest:g}."):
                assert part in str(caught.value)

    @pytest.mark.parametrize(
        ("value", "sentence"),
        [
            (float("nan"), "must be finite; got nan"),
            (float("inf"), "must be finite; got inf"),
            (None, r"must be a number; got None \(NoneType\)"),
            ("0.5", r"must be a number; got '0.5' \(str\)"),
            (True, r"must be a number; got True \(bool\)"),
        ],
        ids=repr,
    )
    def test_what_is_no_number_is_refused(
        self, env: ContextualEnv, value: Any, sentence: str
    ) -> None:
        """Building and resetting say the same."""
        context = {env.space.names[0]: value}
        with pytest.raises(InvalidContext, match=sentence):
            env.make(context)
        with pytest.raises(InvalidContext, match=sentence):
            env.make().reset(options={"context": context})

    def test_an_unknown_feature_is_refused(self, env: ContextualEnv) -> None:
        """A slip of the keyboard is answered with the name that was meant."""
        name = env.space.names[0]
        with pytest.raises(InvalidContext, match=f"did you mean '{name}'"):
            env.make({name + "x": 1.0})
        with pytest.raises(InvalidContext, match="must map feature names to numbers"):
            env.make(3.0)  # type: ignore[arg-type]

    # -- many at once --------------------------------------------------------------------------

    @settings(
        max_examples=15, deadline=None, suppress_health_check=[HealthCheck.differing_executors]
    )
    @given(data=st.data())
    def test_a_batch_equals_its_members(self, data: st.DataObject) -> None:
        """Rows of the array program do what the environments do."""
        env = self._with_arrays()
        cube = st.lists(st.floats(0.0, 1.0), min_size=len(env.space), max_size=len(env.space))
        contexts = env.space.from_unit(data.draw(st.lists(cube, min_size=1, max_size=3)))
        seed = data.draw(st.integers(0, 2**31 - 1))
        compare_batch(env, contexts, seed, self._random_actions(60), self.tolerance)

    @pytest.mark.parametrize("visible", [False, True], ids=["hidden", "visible"])
    def test_a_vector_environment_equals_its_members(self, visible: bool) -> None:
        """`ContextVecEnv` does what a `DummyVecEnv` does, infos and resets included."""
        env = self._with_arrays()
        brief = ContextualEnv(dataclasses.replace(env.spec, horizon=25))
        contexts = (env.space.default, other_context(env.space))
        observe = env.space.names[::-1] if visible else ()
        actions = [self._random_actions(len(contexts)) for _ in range(70)]
        compare_vectors(brief, contexts, observe, SEED, actions, self.tolerance)

    # -- help ----------------------------------------------------------------------------------

    def _with_arrays(self) -> ContextualEnv:
        env = make(self.name)
        if env.simulator.batch(env.spec, [env.space.default]) is None:
            pytest.skip(f"the simulator {env.spec.simulator!r} has no array program.")
        return env

    def _random_actions(self, steps: int) -> list[Any]:
        return [self._action_space.sample() for _ in range(steps)]

    def _registered(self, env: ContextualEnv, observe: tuple[str, ...]) -> gym.Env[Any, Any]:
        register_all()
        context = dict(other_context(env.space))
        return gym.make(env.spec.gym_id, context=context, observe=observe, disable_env_checker=True)
