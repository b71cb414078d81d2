"""sumo-rl: an episode of given decisions, over TraCI or in the process ("libsumo").

Started with the way, a job as JSON and the file for the trace; answers each line with the number
of decisions played, a reset before them.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import sumo


def main(job: dict[str, Any], trace: Path, answers: TextIO) -> None:
    """Play when asked; write what was seen."""
    import sumo_rl

    env = sumo_rl.SumoEnvironment(single_agent=True, sumo_warnings=False, **job["options"])
    print("ready", file=answers, flush=True)
    for _ in sys.stdin:
        observation, _ = env.reset()
        seen = [[*observation.tolist(), 0.0]]
        for action in job["actions"]:
            observation, reward, *_ = env.step(action)
            seen.append([*observation.tolist(), float(reward)])
        trace.write_text(json.dumps(seen))
        print(len(job["actions"]), file=answers, flush=True)


def own_output() -> TextIO:
    """Return what was the standard output, and turn what SUMO prints there into errors."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    way, words, path = sys.argv[1:]
    os.environ["SUMO_HOME"] = sumo.SUMO_HOME
    if way == "libsumo":
        os.environ["LIBSUMO_AS_TRACI"] = "1"
    main(json.loads(words), Path(path), own_output())
