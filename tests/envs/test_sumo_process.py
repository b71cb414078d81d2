"""Worker processes: what users notice of them, which should be nothing."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rltransfer.envs.contextual import ContextualEnv
from rltransfer.envs.simulators.sumo.idle import IDLE
from rltransfer.envs.spec import EnvironmentSpec
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import InvalidExperiment, SourceFailed

ACTIONS = [0, 2, 1, 2, 2, 0, 1, 1]

ENV_TOML = """
title = "Dice"
simulator = "sumo"
base = "sumo_doubles:Dice"
gym_id = "Dice-v0"
horizon = 12
[options]
{options}
[context.step_size]
default = 1.0
range = [0.0, 2.0]
[score]
low = 0.0
high = 1.0
"""

Family = Callable[..., ContextualEnv]


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Family:
    """Return a function that makes a family of dice with some options."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))

    def write(**options: Any) -> ContextualEnv:
        lines = "\n".join(f"{key} = {value!r}" for key, value in options.items())
        folder = tmp_path / "dice"
        folder.mkdir(exist_ok=True)
        (folder / "env.toml").write_text(ENV_TOML.format(options=lines), encoding="utf-8")
        return ContextualEnv(EnvironmentSpec.read(folder))

    return write


@pytest.fixture(autouse=True)
def _nobody_stays(tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every worker ends with its environment, and leaves no folder behind."""
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("TMPDIR", str(scratch))
    yield
    gc.collect()
    IDLE.close()
    assert not children()
    assert not list(scratch.iterdir())


def children() -> list[int]:
    """Return the workers of simulators that this process has started, and no other child of it."""
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    started = [int(pid) for pid in path.read_text().split()] if path.exists() else []
    return [pid for pid in started if b"sumo.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def pid_of(env: Any) -> int:
    """Begin an episode and tell in which process."""
    env.reset(seed=1)
    return int(env.step(0)[4]["pid"])


def walk(env: Any, actions: list[int] = ACTIONS, seed: int = 5) -> list[tuple[float, ...]]:
    trace = [tuple(env.reset(seed=seed)[0].tolist())]
    for action in actions:
        observation, reward, *_ = env.step(action)
        trace.append((*observation.tolist(), reward))
    return trace


def test_a_worker_starts_with_the_first_episode_and_ends_with_close(family: Family) -> None:
    env = family().make()
    assert not children()
    pid = pid_of(env)
    assert children() == [pid]
    assert pid_of(env) == pid, "the next episode uses the same process"
    env.close()
    assert not is_alive(pid)
    env.close()
    assert pid_of(env) != pid, "an episode after close() starts another"
    env.close()


def test_a_forgotten_environment_ends_its_worker(family: Family) -> None:
    env = family().make()
    pid = pid_of(env)
    del env
    gc.collect()
    assert not is_alive(pid)


@pytest.mark.parametrize("after", [0, 4])
def test_a_killed_worker_is_not_noticed(family: Family, after: int) -> None:
    env = family().make()
    expected = walk(env)
    env.reset(seed=5)
    trace = expected[:1]
    for number, action in enumerate(ACTIONS):
        if number == after:
            os.kill(env.unwrapped.member.pid, signal.SIGKILL)
        observation, reward, *_ = env.step(action)
        trace.append((*observation.tolist(), reward))
    assert trace == expected
    env.close()


@pytest.mark.parametrize("mischief", ["die", "fail", "hang"])
def test_what_happens_once_is_not_noticed(family: Family, tmp_path: Path, mischief: str) -> None:
    expected = walk(family().make())
    once = str(tmp_path / "happened")
    env = family(mischief=mischief, once=once, step_timeout=2.0).make()
    assert walk(env) == expected
    assert Path(once).exists()


@pytest.mark.parametrize(
    ("mischief", "words"),
    [
        ("die", r"its process ended \(SIGKILL\); it said: the road is closed\."),
        ("fail", r"RuntimeError: vehicle 'nope' is not known"),
        ("hang", r"it did not answer within 1 s"),
    ],
)
def test_what_happens_again_is_told(family: Family, mischief: str, words: str) -> None:
    env = family(mischief=mischief, step_timeout=1.0).make({"step_size": 0.5})
    with pytest.raises(
        SourceFailed, match=rf"dice\[step_size=0\.5\], seed \d+, decision 3: .*{words}"
    ):
        walk(env)
    assert not children()


def test_a_world_that_lies_is_named_with_its_own_context(family: Family) -> None:
    sentence = (
        r"dice\[step_size=0\.5\], at step 3 of episode 1, returned an observation of shape \(1,\); "
        r"expected \(2,\)\. Look into it with: rltransfer check-env dice\."
    )
    liar = family(mischief="lie")
    with pytest.raises(SourceFailed, match=sentence), closing(liar.make({"step_size": 0.5})) as env:
        walk(env)
    with closing(ContextVecEnv(liar, [{"step_size": 0.5}])) as venv:
        venv.reset()
        venv.step(np.array([0]))
        venv.step(np.array([0]))
        with pytest.raises(SourceFailed, match=sentence):
            venv.step(np.array([0]))


def test_what_the_world_refuses_is_raised_as_it_is(family: Family) -> None:
    env = family(mischief="refuse").make()
    with pytest.raises(InvalidExperiment, match="dice need six sides; got 7"):
        walk(env)
    assert len(walk(env, ACTIONS[:2])) == 3, "the next episode is played"


def test_what_simulators_print_is_not_seen(family: Family, capfd: Any) -> None:
    walk(family(mischief="talk").make())
    assert capfd.readouterr() == ("", "")


def test_an_answer_given_up_is_not_taken_for_another(family: Family) -> None:
    env = family().make()
    expected = walk(env)
    env.unwrapped.member.post_step(0)  # as when Ctrl-C comes before the answer
    assert walk(env) == expected
    env.reset(seed=5)
    env.unwrapped.member.post_step(ACTIONS[0])
    assert env.step(ACTIONS[1])[1] == expected[2][2], "the decision itself counts"


def test_a_fork_gets_a_worker_of_its_own(family: Family) -> None:
    env = family().make()
    expected = walk(env)
    env.reset(seed=5)
    env.step(ACTIONS[0])
    child = os.fork()
    if child == 0:  # pragma: no cover  # in the child, where a failed assertion cannot be seen
        here = [env.step(action)[1] for action in ACTIONS[1:]]
        os._exit(0 if here == [row[2] for row in expected[2:]] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [env.step(action)[1] for action in ACTIONS[1:]] == [row[2] for row in expected[2:]]


def test_a_worker_starts_light() -> None:
    """It knows no learning library, and the user's process no SUMO."""
    script = (
        "import sys; import rltransfer.envs.simulators.sumo.worker; "
        "print(sorted({'torch', 'stable_baselines3', 'pandas', 'libsumo'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_workers_die_with_their_owner(family: Family) -> None:
    env_folder = family().spec.folder
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from rltransfer.envs.contextual import ContextualEnv\n"
        "from rltransfer.envs.spec import EnvironmentSpec\n"
        f"env = ContextualEnv(EnvironmentSpec.read(Path({str(env_folder)!r}))).make()\n"
        "env.reset(seed=1); print(int(env.step(0)[4]['pid']), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    owner = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=path, check=False
    )
    assert owner.returncode == -signal.SIGKILL, owner.stderr
    pid = int(owner.stdout)
    until = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(pid)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("sumo_doubles:Dice", "TrafficSignl-v0", "did you mean 'TrafficSignal-v0'"),
        ("sumo_doubles:Dice", "sumo_doubles:Nobody", "has no attribute 'Nobody'"),
        ("step_size", "step", "has no context feature 'step'; did you mean 'step_size'"),
        (
            "[options]\n",
            "[options]\nmischef = 'die'\n",
            r"\[options\]: mischef: this key is",
        ),
        ("[options]\n", "[options]\nstep_timeout = 0\n", "step_timeout must be more than 0"),
    ],
)
def test_a_wrong_family_is_explained(family: Family, old: str, new: str, words: str) -> None:
    file = family().spec.folder / "env.toml"
    file.write_text(file.read_text().replace(old, new))
    wrong = ContextualEnv(EnvironmentSpec.read(file.parent))
    with pytest.raises(InvalidExperiment, match=words):
        wrong.make()
