"""The transfer loop: select, train, evaluate, record; until every lane has its sources.

    measure    J(π, y) of policies from elsewhere    if the study begins with some; committed
    while a lane wants a source that is not trained:
        propose    x_k = selector(transfer)            a pure function of the matrix; or stop
        inherit    from x_1 … x_{k-1} of its lane       where the recipe does; their folders
        train      π = trainer(task at x_k)             in a worker process
        evaluate   J(π, y) for all targets y, or some   in the same worker; see `Measuring`
        commit     the source folder, by one rename     the truth of the run
        show       the study in the dashboard           made from the committed sources

The controller is the only process that writes results; a worker keeps its training's finished
stages in a folder of its own until it is committed. Either may be killed anywhere: resuming
replays the lanes over the committed sources and trains what is missing. A source that fails is
recorded, and the lanes go on without it.
"""

from __future__ import annotations

from pathlib import Path

from rltransfer.experiment.backends import Backend, Local
from rltransfer.experiment.controller import Controller
from rltransfer.experiment.events import Events
from rltransfer.experiment.flights import STEP_TIMEOUT
from rltransfer.experiment.known import gathered, require_unchanged
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run
from rltransfer.training.tensorboard import require_tensorboard

__all__ = ["continue_run", "run_experiment"]


def run_experiment(
    experiment: Experiment,
    runs: Path | str,
    *,
    jobs: int = 1,
    events: Events | None = None,
    backend: Backend | None = None,
    step_timeout: float = STEP_TIMEOUT,
) -> list[Run]:
    """Run an experiment, one run per seed, or continue where it was interrupted.

    Args:
        experiment: the study.
        runs: the folder of all experiments; this one goes to `runs/<name>/seed-N`.
        jobs: worker processes of this machine, where no backend is given.
        events: told what happens; see `Events`.
        backend: where policies are trained.
        step_timeout: seconds without a sign of life (an environment's step, a part of a stage)
            after which a training counts as hung: its worker is killed.

    Returns:
        the finished runs, one per seed. A run that was finished before is left untouched. Sources
        that failed are in `Run.failures()`; nothing is raised for them.

    Raises:
        InvalidExperiment: if a folder holds another experiment of this name.
        ConditionsChanged: if an interrupted run began with other libraries or processors.
        RunLocked: if another process works in one of the runs.
        SourceFailed: if a policy from elsewhere cannot be measured.
        StorageError: if results cannot be written.
    """
    if experiment.training.tensorboard is not None:
        require_tensorboard()
    made, experiment = [], gathered(experiment)
    for seed in experiment.seeds:
        single = experiment.model_copy(update={"seeds": [seed]}).resolved()
        path = Path(runs) / experiment.name / f"seed-{seed}"
        if Run(path).experiment_file.is_file():
            require_unchanged(Experiment.of_run(Run(path)))
        run = Run.create(path, single.to_toml())
        continue_run(run, jobs=jobs, events=events, backend=backend, step_timeout=step_timeout)
        made.append(run)
    return made


def continue_run(
    run: Run,
    *,
    jobs: int = 1,
    events: Events | None = None,
    backend: Backend | None = None,
    step_timeout: float = STEP_TIMEOUT,
) -> None:
    """Bring one run to its end, wherever it was interrupted; a finished one is left untouched.

    Args, Raises: see `run_experiment`.
    """
    Controller(run, events or Events(), backend or Local(jobs), step_timeout).work()
