"""MBTL's traffic signal once more, second by second, as plainly as can be; one episode.

    python signal_by_hand.py network routes seed duration length actions

It changes phases through the light's program, and loops over all vehicles, as the released code of
Cho et al. 2024 does. It prints what an agent sees and what the waiting is, at every decision.
"""

from __future__ import annotations

import json
import sys

import libsumo

ENDS = [7, 14, 21, 28, 40, 60, 100, 160, 400, 750]


def look(length: float) -> tuple[list[int], float]:
    bits, waiting = set(), 0.0
    for car in libsumo.vehicle.getIDList():
        road, lane = libsumo.vehicle.getRoadID(car), libsumo.vehicle.getLaneID(car)
        if road not in ("W2TL", "N2TL", "E2TL", "S2TL"):
            continue
        waiting += libsumo.vehicle.getAccumulatedWaitingTime(car)
        distance = length - libsumo.vehicle.getLanePosition(car)
        cell = next(i for i, end in enumerate(ENDS) if distance < end * length / 750 or i == 9)
        group = 2 * "WNES".index(road[0]) + (1 if lane.endswith("3") else 0)
        bits.add(10 * group + cell)
    return sorted(bits), waiting


def main() -> None:
    network, routes, seed, duration, length, actions = sys.argv[1:]
    options = ["--time-to-teleport", "-1", "--waiting-time-memory", duration, "--no-warnings"]
    libsumo.start(["sumo", "-n", network, "-r", routes, "--seed", seed, *options])
    seconds, before, seen = 0, None, [look(float(length))]
    for action in json.loads(actions):
        phases = [(2 * before + 1, 4)] if before not in (None, action) else []
        for phase, time in [*phases, (2 * action, 10)]:
            libsumo.trafficlight.setPhase("TL", phase)
            for _ in range(min(time, int(duration) - seconds)):
                libsumo.simulationStep()
                seconds += 1
        before = action
        seen.append(look(float(length)))
    print()
    print(json.dumps(seen))


main()
