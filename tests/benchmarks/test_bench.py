from contextlib import contextmanager
from dataclasses import replace

import pytest
from harness.bench import Bench
from harness.store import Cells, Results


@contextmanager
def broken():
    def work():
        raise RuntimeError("a wheel came off")

    yield work


@pytest.fixture
def bench(tmp_path):
    return Bench(Cells(tmp_path / "cells"), tmp_path / "results.json")


def test_a_run_that_was_stopped_goes_on_where_it_was(bench, case, calls, race):
    bench.cells.write(race)
    assert bench.run([case]) == []
    assert calls == []
    assert Results.read(bench.results).cases == {"race": race}


def test_a_finished_run_leaves_nothing_to_go_on_with(bench, case, calls):
    bench.run([case])
    done = len(calls)
    bench.run([case])
    assert len(calls) == 2 * done


def test_starting_over_measures_again(bench, case, calls, race):
    bench.cells.write(race)
    bench.start_over([case])
    bench.run([case])
    assert calls


def test_one_case_leaves_the_results_of_others(bench, case, race):
    Results({}, {"older": replace(race, name="older")}).write(bench.results)
    bench.run([case])
    found = Results.read(bench.results)
    assert set(found.cases) == {"older", "race"}
    assert {"processor", "cores", "numpy", "torch"} <= found.machine.keys()


def test_a_case_that_fails_stops_no_other(bench, case, capsys):
    failing = replace(case, name="crash", contenders={"cart": broken})
    assert bench.run([failing, case]) == ["crash"]
    assert set(Results.read(bench.results).cases) == {"race"}
    assert "crash failed: a wheel came off" in capsys.readouterr().out


def test_a_fall_is_found_against_the_results(bench, case, race):
    fast = [turn._replace(wall=turn.wall / 1e9) for turn in race.turns["hare"]]
    Results({}, {"race": replace(race, turns={**race.turns, "hare": fast})}).write(bench.results)
    (first, _) = bench.fallen([case], rounds=1)
    assert first.startswith("race: hare is ")
