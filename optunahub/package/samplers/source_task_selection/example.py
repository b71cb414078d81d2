"""Choose five of twenty pole lengths to train on; here the returns are made up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import optuna

import optunahub

ROOT = Path(__file__).parents[2]
module = optunahub.load_local_module("samplers/source_task_selection", registry_root=str(ROOT))

space = module.ContextSpace(
    [module.ContextFeature("length", 0.5, 0.05, 5.0, "m", module.Scale.LOG)]
)
contexts = space.grid(20)
sampler = module.MBTLSampler(module.MatrixGP(), contexts, contexts, space)


def train_and_measure(source: module.Context) -> np.ndarray:
    """Return what a policy of the source would return on every context: less with distance."""
    return 500.0 - 400.0 * np.abs(space.to_unit(contexts) - space.to_unit([source])).sum(axis=1)


if __name__ == "__main__":
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range(5):
        trial = study.ask(sampler.distributions())
        source = sampler.context(trial)
        transfer = sampler.record(study, trial, train_and_measure(source))
        print(f"{source}: V = {transfer.coverage:.1f}")
