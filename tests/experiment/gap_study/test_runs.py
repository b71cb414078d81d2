"""What a run has recorded of its policies, and of those from elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.gap_study.contender import Candidate, Contender
from rltransfer.experiment.gap_study.runs import home_of, recorded_row
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import SourceRecord
from rltransfer.runs.origin import Origin

STUDY = Experiment.of("cartpole", vary=["length"], targets=4, rounds=2)
SPACE = STUDY.environment.space


def record(context=None, origin=None, own=None, returns=None):
    J = np.arange(12.0).reshape(4, 3) if returns is None else returns
    return SourceRecord(
        key="key", context=context, returns=J, lengths=np.nan_to_num(J).astype(np.int64),
        curve=(), steps=0, seconds=0.0, seed=0, started=0.0, finished=0.0, stages=(),
        origin=origin, own=own,
    )  # fmt: skip


def origin(context):
    return Origin(name="x", path="x", weights="0" * 64, context=context, provenance={})


def row_of(found):
    return recorded_row("x", found, home_of(found, STUDY), STUDY)


def test_a_source_is_at_home_where_its_row_says():
    row = row_of(record(STUDY.targets()[1]))
    assert row.home == (SPACE.validate(STUDY.targets()[1]),)
    np.testing.assert_array_equal(row.own, [[3.0, 4.0, 5.0]])
    np.testing.assert_array_equal(row.gaps[1], 0.0)


def test_a_policy_of_all_contexts_is_at_home_everywhere():
    row = row_of(record())
    assert len(row.home) == 4
    np.testing.assert_array_equal(row.own, row.returns)


def test_a_known_policy_is_at_home_where_it_was_trained():
    elsewhere = {"length": 0.123, "gravity": 5.0}
    row = row_of(record(origin=origin(elsewhere), own=(7.0, 8.0, 9.0)))
    assert row.home == (SPACE.validate(elsewhere),)
    np.testing.assert_array_equal(row.own, [[7.0, 8.0, 9.0]])


def test_a_known_policy_of_unknown_contexts_has_no_home():
    row = row_of(record(origin=origin(None)))
    assert row.home == ()
    assert np.isnan(row.gaps).all()


def test_what_was_measured_in_part_is_to_be_measured_anew():
    J = np.arange(12.0).reshape(4, 3)
    J[2] = np.nan
    row = row_of(record(STUDY.targets()[1], returns=J))
    contender = Contender.alike("x", [Candidate("run/00", row.home, lambda: None, row)])
    with pytest.raises(InvalidExperiment, match="run/00 was measured in some contexts of its run"):
        contender.as_recorded()


def test_a_context_that_is_no_target_has_to_be_measured_anew():
    assert row_of(record(Context({"length": 0.123}))) is None
