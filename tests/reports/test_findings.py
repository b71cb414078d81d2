from rltransfer.reports.findings import in_words

IMPROVED = {
    "checks": 12,
    "accepted": [3, 0, 1],
    "scores": {"value_model": [1.5, -20.0, 1234.5], "fqe": [0.1, 0.2, 0.3]},
    "chosen": 2,
    "history": [[1.0, 1.0, 1.0], [1.5, -20.0, 1234.5]],
    "seconds_per_check": 0.25,
}


def test_decisions_of_the_offline_evaluation_are_sentences():
    assert in_words(IMPROVED) == (
        "offline evaluation accepted 3, 0, 1 of 12 checks (policy by policy)",
        "went on with policy 3",
        "score by value model: 1.5, −20, 1,234",
        "score by fqe: 0.1, 0.2, 0.3",
        "seconds per check: 0.25",
    )
    assert in_words({"checks": 20, "accepted": [5], "chosen": 0}) == (
        "offline evaluation accepted 5 of 20 checks",
    )


def test_anything_else_is_a_name_and_a_value():
    found = {
        "members": 4, "stopped_early": True, "loss": [0.5] * 20, "by": {"a": 1, "b": None},
        "scorer": "value model",
    }  # fmt: skip
    assert in_words(found) == (
        "members: 4",
        "stopped early: yes",
        "loss: 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 … (20 in all)",
        "by: a: 1; b: none",
        "scorer: value model",
    )
    assert in_words({}) == ()
