"""What of an agent is kept: as much as makes another one the same."""

from __future__ import annotations

import numpy as np
import pytest

import rltransfer
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.training import AlgorithmSettings
from rltransfer.training.kept import arrays_of, facts_of, read_tree, write_tree
from rltransfer.training.sb3_agent import build_agent
from rltransfer.training.sb3_state import AgentState, ReplayTable

SMALL = {
    "learning_starts": 8,
    "batch_size": 4,
    "buffer_size": 40,
    "policy_kwargs": {"net_arch": [4]},
}


def agent_of(algorithm: str, env: str, seed: int, **settings):
    venv = ContextVecEnv(rltransfer.make(env), [{}] * 2)
    return build_agent(AlgorithmSettings(algorithm, 1, 2, True, settings), venv, seed)


def flat(tree):
    return {name: array.tolist() for name, array in arrays_of(tree)}, facts_of(tree)


@pytest.mark.parametrize(("algorithm", "env"), [("SAC", "pendulum"), ("DQN", "cartpole")])
def test_another_agent_becomes_the_same_through_a_file(algorithm, env, tmp_path):
    trained = agent_of(algorithm, env, 1, **SMALL).learn(32)
    other = agent_of(algorithm, env, 2, **SMALL)
    write_tree(tmp_path, AgentState(trained).state())
    AgentState(other).restore(read_tree(tmp_path))
    assert flat(AgentState(other).state()) == flat(AgentState(trained).state())
    assert other.num_timesteps == 32
    if algorithm == "SAC":
        assert float(other.log_ent_coef.detach()) != 0.0


def test_a_replay_buffer_comes_back_wherever_its_ring_stands():
    trained = agent_of("DQN", "cartpole", 1, **SMALL).learn(72)  # 36 slices in a ring of 20
    table = ReplayTable(trained)
    assert (table.count, table.capacity) == (36, 20)
    other = agent_of("DQN", "cartpole", 2, **SMALL)
    ReplayTable(other).put(16, table.rows(16))
    assert (other.replay_buffer.pos, other.replay_buffer.full) == (16, True)
    for name in ("observations", "next_observations", "actions", "rewards", "dones", "timeouts"):
        kept, found = (getattr(a.replay_buffer, name) for a in (trained, other))
        np.testing.assert_array_equal(found, kept, err_msg=name)


def test_returns_over_several_steps_end_where_a_segment_does():
    agent = agent_of("DQN", "cartpole", 1, **{**SMALL, "n_steps": 3}).learn(16)
    buffer = agent.replay_buffer
    assert not buffer.timeouts[7].any()
    buffer.dones[7] = [0.0, 1.0]
    ReplayTable(agent).cut()
    assert buffer.timeouts[7].tolist() == [1.0, 0.0]
    assert not buffer.timeouts[:7].any()
