"""What every source-task selector must do, as tests to inherit.

    class TestMySelector(SelectorContract):
        @pytest.fixture
        def selector(self) -> SourceTaskSelector:
            return MySelector(...)

Override the fixture `toy` if the selector needs another problem than a line of 15 contexts.
"""

from __future__ import annotations

import copy
import pickle

import pytest

from rltransfer.errors import InvalidExperiment
from rltransfer.selection import Proposal, SourceTaskSelector
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily
from rltransfer.transfer import TransferMatrix

__all__ = ["SelectorContract"]

Toy = LinearGapToy | SyntheticFamily


class SelectorContract:
    """A selector is a pure function of the matrix, and proposes each candidate once."""

    @pytest.fixture
    def selector(self) -> SourceTaskSelector:
        """Return the selector under test; a subclass defines it."""
        raise NotImplementedError(
            "a test class that inherits SelectorContract must define the fixture `selector`."
        )

    @pytest.fixture
    def toy(self) -> Toy:
        """Return a toy problem with `truth`, `contexts` and `empty()`."""
        return LinearGapToy.wavy(15)

    def test_follows_the_protocol(self, selector: SourceTaskSelector) -> None:
        """It has the verb `propose`."""
        assert isinstance(selector, SourceTaskSelector)

    def test_a_proposal_describes_its_candidate(
        self, selector: SourceTaskSelector, toy: Toy
    ) -> None:
        """Index and context agree, and there is a reason."""
        for _, proposal in steps(selector, toy):
            assert proposal.context == toy.contexts[proposal.index]
            assert proposal.reason.strip()
            if proposal.acquisition is not None:
                assert proposal.acquisition.shape == (len(toy.contexts),)

    def test_the_same_matrix_gives_the_same_proposal(
        self, selector: SourceTaskSelector, toy: Toy
    ) -> None:
        """Nothing is remembered between calls, and nothing is drawn from a global source."""
        seen = steps(selector, toy)
        for transfer, proposal in reversed(seen):
            assert selector.propose(transfer) == proposal

    def test_a_copy_proposes_the_same(self, selector: SourceTaskSelector, toy: Toy) -> None:
        """A selector made again, here or in another process, continues the same study."""
        copies = [copy.deepcopy(selector), pickle.loads(pickle.dumps(selector))]
        for transfer, proposal in steps(selector, toy):
            assert [other.propose(transfer) for other in copies] == [proposal, proposal]

    def test_the_matrix_stays_as_it_is(self, selector: SourceTaskSelector, toy: Toy) -> None:
        """Proposing changes nothing."""
        transfer = toy.empty().learn(3, toy.truth[3][:, None])
        before = copy.deepcopy(transfer)
        selector.propose(transfer)
        assert transfer == before

    def test_every_candidate_is_proposed_once(self, selector: SourceTaskSelector, toy: Toy) -> None:
        """No trained source is proposed again, and in the end all have been."""
        picks = [proposal.index for _, proposal in steps(selector, toy)]
        assert sorted(picks) == list(range(len(toy.contexts)))

    def test_a_source_whose_training_failed_is_not_proposed_again(
        self, selector: SourceTaskSelector, toy: Toy
    ) -> None:
        """A source may fail in any round, the first and several in a row among them."""
        transfer = toy.empty()
        for k in range(len(toy.contexts)):
            index = selector.propose(transfer).index
            assert index not in transfer.tried
            row = toy.truth[index][:, None]
            transfer = transfer.fail(index) if k in (0, 1, 4) else transfer.learn(index, row)

    def test_sources_chosen_by_others_are_respected(
        self, selector: SourceTaskSelector, toy: Toy
    ) -> None:
        """What is trained need not have been its own idea."""
        transfer = toy.empty()
        for index in (0, 7, 3, 14, 2):
            transfer = transfer.learn(index, toy.truth[index][:, None])
            assert selector.propose(transfer).index not in transfer.trained

    def test_exhausted_candidates_end_in_a_sentence(
        self, selector: SourceTaskSelector, toy: Toy
    ) -> None:
        """When everything is trained, it says so."""
        transfer, proposal = steps(selector, toy)[-1]
        full = transfer.learn(proposal.index, toy.truth[proposal.index][:, None])
        with pytest.raises(InvalidExperiment, match="candidate sources are trained"):
            selector.propose(full)


def steps(selector: SourceTaskSelector, toy: Toy) -> list[tuple[TransferMatrix, Proposal]]:
    """Run until every candidate is trained; return each matrix with what was proposed for it."""
    transfer, seen = toy.empty(), []
    for _ in toy.contexts:
        proposal = selector.propose(transfer)
        seen.append((transfer, proposal))
        transfer = transfer.learn(proposal.index, toy.truth[proposal.index][:, None])
    return seen
