"""Faulty environments, noticed at the step at which they go wrong and named with their place.

A rule here looks at what one step returned, and raises a `Fault`: half a sentence about one field.
Whoever drives the environment knows context, episode and step, and makes the sentence, `failure`:

    thermostat[leak=0.2], at step 12 of episode 3, returned a reward that is not finite: nan.

The same rules hold for members that are stepped one by one and for arrays of members, so in
training, in evaluation, in recordings and in a loop of one's own.
"""

from rltransfer.envs.faults.actions import require_action, require_actions
from rltransfer.envs.faults.arrays import require_finite, require_observations, require_transition
from rltransfer.envs.faults.fault import Fault, Place, at_step, failure
from rltransfer.envs.faults.members import (
    require_observation,
    require_outcome,
    reset_member,
    step_member,
)

__all__ = [
    "Fault",
    "Place",
    "at_step",
    "failure",
    "require_action",
    "require_actions",
    "require_finite",
    "require_observation",
    "require_observations",
    "require_outcome",
    "require_transition",
    "reset_member",
    "step_member",
]
