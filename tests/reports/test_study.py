import re
import shutil

import numpy as np
import pandas as pd
import pytest

from rltransfer.errors import CorruptRun, InvalidExperiment, RLTransferError
from rltransfer.reports import write_report
from rltransfer.reports.study import Study


def test_a_study_reads_every_seed_of_an_experiment(three_seeds):
    study = Study.read(three_seeds)
    assert study.seeds == (0, 1, 2)
    assert study.selector == "matrix-gp"
    assert study.rounds == 3
    assert study.missing == ()
    assert len(study.targets) == 12
    assert list(study.replicates[0].states) == ["matrix-gp", "random", "equidistant"]


def test_the_folder_of_one_seed_is_a_study_too(three_seeds):
    study = Study.read(three_seeds / "seed-1")
    assert study.seeds == (1,)


def test_known_holds_the_own_sources_first_then_all_others(one_seed):
    replicate = Study.read(one_seed).replicates[0]
    own, known = replicate.matrix, replicate.known
    assert known.trained[:3] == own.trained
    trained = {known.sources[i].digest for i in known.trained}
    assert trained == set(replicate.pool) - {"multi-task"}
    for k, index in enumerate(known.trained):
        record = replicate.pool[known.sources[index].digest]
        assert np.array_equal(known.returns[k], record.returns)


def test_the_truth_is_known_when_every_context_has_a_policy(one_seed, three_seeds):
    assert Study.read(one_seed).replicates[0].truth is None
    replicate = Study.read(three_seeds).replicates[2]
    truth = replicate.truth
    assert truth.shape == (12, 12, 4)
    for source, row in zip(replicate.experiment.sources(), truth, strict=True):
        assert np.array_equal(row, replicate.pool[source.digest].returns)


def test_gaps_are_those_of_the_tables(one_seed):
    write_report(one_seed)
    table = pd.read_csv(one_seed / "seed-0" / "gaps.csv")
    for k, report in enumerate(Study.read(one_seed).replicates[0].gaps, 1):
        rows = table[(table.selector == "matrix-gp") & (table["round"] == k)]
        for column in ("gap", "low", "high", "regret", "reached"):
            assert np.allclose(rows[column], getattr(report, column), rtol=1e-12)


def test_what_is_missing_is_said_in_words(unfinished):
    study = Study.read(unfinished)
    assert study.seeds == (0,)
    assert study.waiting == (7,)
    mine, other = study.missing
    assert re.match(r"Seed 0: matrix-gp has [12] of 3 sources, random has [12] of 3 sources", mine)
    assert other == "Seed 7: nothing to report yet"


def test_missing_comparisons_are_said(tmp_path, make):
    compare = ["multi-task", "independent"]
    folder = make(tmp_path, selection={"compare": compare})
    for number in (3, 12):  # one of twelve contexts; the multi-task policy
        shutil.rmtree(folder / "seed-0" / "sources" / f"{number:02d}")
    (missing,) = Study.read(folder).missing
    assert "multi-task is not trained, 11 of 12 contexts are trained" in missing


def test_nothing_trained_is_a_sentence(tmp_path, make):
    folder = make(tmp_path, trained=0)
    with pytest.raises(RLTransferError, match=r"no trained source of 'matrix-gp' yet.*resume"):
        Study.read(folder)


def test_no_run_is_a_sentence(tmp_path):
    with pytest.raises(CorruptRun, match="is not a run"):
        Study.read(tmp_path)


def test_a_damaged_source_is_named(tmp_path, make):
    folder = make(tmp_path)
    (folder / "seed-0" / "sources" / "00" / "returns.parquet").write_bytes(b"?")
    with pytest.raises(CorruptRun, match=r"returns\.parquet was changed"):
        Study.read(folder)


def test_different_experiments_are_not_averaged(tmp_path, make):
    make(tmp_path, seeds=(0,))
    make(tmp_path, seeds=(1,), evaluation={"episodes": 5})
    with pytest.raises(InvalidExperiment, match="holds different experiments: compare"):
        Study.read(tmp_path)


def test_a_copied_run_is_not_counted_twice(tmp_path, make):
    make(tmp_path, seeds=(0,))
    shutil.copytree(tmp_path / "seed-0", tmp_path / "seed-0-copy")
    with pytest.raises(InvalidExperiment, match=r"seed 0 twice.*Remove the copy"):
        Study.read(tmp_path)
