from rltransfer.contexts import Context
from rltransfer.experiment.keys import Lineage, key_of

A, B, C = (Context(length=value) for value in (0.1, 0.5, 2.0))


def test_what_starts_from_nothing_is_named_by_its_context():
    assert Lineage(A).key == A.digest
    assert key_of(Lineage(A)) == A.digest
    assert key_of("multi-task") == "multi-task"


def test_what_inherits_is_named_by_its_parents_in_order_too():
    first = Lineage(A).key
    other = Lineage(B).key
    keys = [
        Lineage(C).key,
        Lineage(C, (first,)).key,
        Lineage(C, (other,)).key,
        Lineage(C, (first, other)).key,
        Lineage(C, (other, first)).key,
        Lineage(B, (first,)).key,
    ]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {16}
    assert Lineage(C, (first, other)).key == keys[3]
