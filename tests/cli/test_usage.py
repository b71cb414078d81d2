"""Words that cannot be read: what is wrong, what was expected, where the help is."""

import pytest


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("run cartpole --steps x", "--steps must be a whole number; got 'x'. See: rltransfer run"),
        ("run cartpole --steps 1.5", "--steps must be a whole number; got '1.5'."),
        ("run cartpole --jobs 0", "--jobs must be at least 1; got '0'."),
        ("run cartpole --measure x", "--measure must be a number; got 'x'."),
        ("train cartpole --stop 2", "--stop must be at most 1.0; got '2'. See: rltransfer train"),
        ("run cartpole --stesp 3", "there is no option --stesp; did you mean --steps?"),
        ("run cartpole --dryrun", "there is no option --dryrun; did you mean --dry-run?"),
        ("run cartpole --colour red", "there is no option --colour. See: rltransfer run --help"),
        ("run cartpole -x", "there is no option -x. See: rltransfer run --help"),
        ("run cartpole --vary", "--vary needs a value: features to vary, separated by commas."),
        ("run cartpole --quiet=3", "Option '--quiet' does not take a value."),
        ("run cartpole --vary length mass", "there is no place for 'mass'; a list has commas"),
        ("run", "STUDY is missing: an experiment.toml, or an environment's name. See:"),
        ("adapt runs/x", "--context is missing: the target, such as length=0.93"),
        ("runn cartpole", "there is no command 'runn'; did you mean 'run'? See: rltransfer --help"),
        ("reprot runs/x", "there is no command 'reprot'; did you mean 'report'?"),
        ("cook", "there is no command 'cook'. See: rltransfer --help"),
        ("dataset lst", "no command 'lst'; did you mean 'list'? See: rltransfer dataset --help"),
        ("dataset show", "ID is missing: a dataset, as `dataset list` names it. See: rltransfer"),
        ("--versoin", "there is no option --versoin; did you mean --version?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_words(command, words, sentence):
    done = command(*words.split())
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err


@pytest.mark.parametrize("words", ["-h", "run -h", "dataset list -h"])
def test_help_by_its_short_name(command, words):
    done = command(*words.split())
    assert done.code == 0
    assert "Usage: rltransfer" in done.out
