"""Looking at a policy while it learns: its score, what the score cost, how far the training is."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rltransfer.errors import CorruptRun
from rltransfer.evaluation import evaluate
from rltransfer.files import Unreadable, parse_json, read_lines
from rltransfer.training.online import LOOKS

if TYPE_CHECKING:
    from rltransfer.training.policy import Policy
    from rltransfer.training.problem import TrainingProblem

__all__ = ["FileMonitor", "fingerprint", "monitor_episodes"]

MONITOR_EPISODES = 20
"""Most episodes, over all of a problem's contexts, behind each point of a learning curve."""

MONITOR_SHARE = 2.0
"""Most steps of all these episodes, as a share of the training's own."""

PAUSE = 0.5
"""Least seconds between two lines on the work of one stage."""


class Look(NamedTuple):
    """A policy's mean return, and the environment steps that it took to find it."""

    score: float
    steps: int


class FileMonitor:
    """Scores a policy in training on its own contexts and appends what it sees to a file.

    Scores are kept in a second file: after an interruption, a policy that is trained again is
    not played again, and the steps of its episodes are counted once.

    Args:
        problem: what is trained.
        episodes: of each context behind a score; see `monitor_episodes`.
        seed: of the episodes' starts.
        progress: the file of points and stages, a JSON list per line.
        scores: the file of scores by policy, a JSON list per line.
        tensorboard: a folder for logs of the training; None for none.
    """

    def __init__(
        self,
        problem: TrainingProblem,
        episodes: int,
        seed: int,
        progress: Path,
        scores: Path,
        tensorboard: Path | None = None,
    ) -> None:
        self._problem, self._episodes = problem, episodes
        self._seed = seed
        self._progress, self._scores = progress, scores
        self.tensorboard = tensorboard
        self._looks = read_looks(scores)
        self._told: tuple[str, float] = ("", 0.0)  # the last stage told of, and when

    @property
    def steps(self) -> int:
        """Environment steps of all episodes behind the scores."""
        return sum(look.steps for look in self._looks.values())

    def score(self, policy: Policy) -> float:
        """Return the policy's mean return over its problem's contexts."""
        name = fingerprint(policy)
        if name not in self._looks:
            found = evaluate(
                policy, self._problem.env, self._problem.contexts, self._episodes, self._seed
            )
            self._looks[name] = Look(float(found.returns.mean()), int(found.lengths.sum()))
            append(self._scores, [name, *self._looks[name]])
        return self._looks[name].score

    def report(self, steps: int, total: int, score: float | None) -> None:
        """Append a point to the progress file."""
        append(self._progress, [steps, total, score])

    def working(self, stage: str, done: int, total: int) -> None:
        """Append a stage's progress, now and then; its beginning and its end always."""
        last, moment = self._told
        now = time.monotonic()
        if stage != last or done >= total or now - moment >= PAUSE:
            self._told = stage, now
            append(self._progress, [stage, done, total])


def monitor_episodes(problem: TrainingProblem, steps: int) -> int:
    """Return how many episodes per context score a policy: fewer where episodes are dear."""
    affordable = int(MONITOR_SHARE * steps / (LOOKS * problem.env.spec.horizon))
    return max(1, min(MONITOR_EPISODES, affordable) // len(problem.contexts))


def fingerprint(policy: Policy) -> str:
    """Return a hash of what decides how a policy acts."""
    spec = policy.spec.model_copy(update={"provenance": {}})
    hashed = sha256(spec.model_dump_json().encode())
    for name, array in policy.weights.items():
        hashed.update(name.encode())
        hashed.update(array.tobytes())
    return hashed.hexdigest()


def append(path: Path, said: list[object]) -> None:
    """Add a line to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(said) + "\n")


def read_looks(path: Path) -> dict[str, Look]:
    """Return the scores that a file holds; a torn line is left out.

    Raises:
        CorruptRun: if it is not a plain file.
    """
    try:
        lines = read_lines(path)
    except Unreadable as error:
        raise CorruptRun(f"{path} cannot be read: {error}. Remove it; it is made again.") from None
    looks = {}
    for line in lines:
        try:
            name, score, steps = parse_json(line, float)
            looks[str(name)] = Look(float(score), int(steps))
        except (TypeError, ValueError):  # torn by a kill; a new line was appended to it
            continue
    return looks
