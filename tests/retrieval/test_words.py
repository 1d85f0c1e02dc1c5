from __future__ import annotations

from retrieval.words import WordIndex, words_of


def test_forms_of_a_word_are_one_word() -> None:
    assert set(words_of("pushes pushed pushing push")) == {"push"}
    assert words_of("repositories") == words_of("repository")
    assert words_of("big licence") == words_of("large license")


def test_common_words_do_not_count() -> None:
    assert words_of("how do I get it?") == []


def test_the_text_with_the_rare_word_wins() -> None:
    index = WordIndex(["push a file", "push a file with HUBPILOT_PORT", "push and push and push"])

    assert index.scores("push with HUBPILOT_PORT").argmax() == 1


def test_scores_lie_between_0_and_1_and_unknown_words_lower_them() -> None:
    index = WordIndex(["clone a repository", "delete a token"])
    known, diluted = index.scores("clone")[0], index.scores("clone zebra")[0]

    assert 0 < diluted < known <= 1
    assert index.scores("clone 30")[0] == known, "a number that no text has says nothing"
    assert not index.scores("zebra").any()
    assert not index.scores("how is it?").any()


def test_no_texts() -> None:
    assert WordIndex([]).scores("anything").size == 0
