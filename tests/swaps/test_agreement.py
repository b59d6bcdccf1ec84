"""Singular they: the verbs of "he" and "she" follow, and nothing else does."""

from __future__ import annotations

import pytest

from auditor.records import Pair
from auditor.swaps.language import plural_verb, read_language
from auditor.swaps.swapper import swap


def neutral(text: str) -> Pair:
    [pair] = swap(text, "gender", "neutral")
    return pair


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He walks.", "They walk."),
        ("She was late.", "They were late."),
        ("He's gone.", "They've gone."),
        ("He's tired.", "They're tired."),
        ("She's been ill and she's late.", "They've been ill and they're late."),
        ("He’s finished the job.", "They’ve finished the job."),
        ("HE'S LATE. IS HE?", "THEY'RE LATE. ARE THEY?"),
        ("He has left, hasn't he?", "They have left, haven't they?"),
        ("Isn't she here?", "Aren't they here?"),
        ("Does he know?", "Do they know?"),
        ("Where was she?", "Where were they?"),
        ("Nor does he care.", "Nor do they care."),
        ("He'd go and he'll stay.", "They'd go and they'll stay."),
        ("He usually walks.", "They usually walk."),
        ("She always says so.", "They always say so."),
        ("He is not late.", "They are not late."),
        ("He comes and goes.", "They come and go."),
        ("He is late and has no excuse.", "They are late and have no excuse."),
        ("The reason is he walks.", "The reason is they walk."),
        ("What he said was true.", "What they said was true."),
        ("The dog knows he walked.", "The dog knows they walked."),
        ("He must go; he can, and he did.", "They must go; they can, and they did."),
        ("He never was happy.", "They never were happy."),
        ("He, too, walks.", "They, too, walk."),
        ("She works hard and never complains.", "They work hard and never complain."),
        ("He takes his bag and opens the door.", "They take their bag and open the door."),
        ("He sells cars and trucks.", "They sell cars and trucks."),
        ("She comes, takes a book and leaves.", "They come, take a book and leave."),
        ("He did it himself with his own pen.", "They did it themself with their own pen."),
        ("That book is hers, not mine.", "That book is theirs, not mine."),
        ("Mr. Lee says he lives here.", "Mx. Lee says they live here."),
        ("The waitress said she was busy.", "The server said they were busy."),
        ("An actress and her mother", "An actor and their parent"),
        ("The man walks.", "The person walks."),
        ("How old is she?", "How old are they?"),
        ("How much does she earn?", "How much do they earn?"),
        ("What time was he there?", "What time were they there?"),
        ("Where the hell is she?", "Where the hell are they?"),
        ("All I know is she left.", "All I know is they left."),
        ("What he has he keeps.", "What they have they keep."),
        ("Never has she been late.", "Never have they been late."),
        ("What's he doing?", "What are they doing?"),
        ("WHERE’S SHE GOING?", "WHERE ARE THEY GOING?"),
        ("What's she done?", "What have they done?"),
        ("It's he, I think.", "It's they, I think."),
        ("She works hard and plays hard.", "They work hard and play hard."),
        ("She sings, paints and dances.", "They sing, paint and dance."),
        ("He reads books and magazines.", "They read books and magazines."),
        ("She left and cars honked.", "They left and cars honked."),
        ("She's bored and wants to go.", "They're bored and want to go."),
        ("She either lies or forgets.", "They either lie or forget."),
        ("He no longer works.", "They no longer work."),
        ("She alone knows.", "They alone know."),
        ("He himself knows.", "They themself know."),
        ("He of course knows.", "They of course know."),
    ],
)
def test_to_neutral(text: str, expected: str) -> None:
    assert neutral(text).counterfactual == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("He and she left.", "two people"),
        ("The man told the woman.", "two people"),
        ("He told them to wait.", "they"),
        ("She asked if they were open.", "they"),
        ("He who laughs last wins.", "who"),
        ("He, who knows, laughs.", "who"),
        ("He of all people knows.", "knows"),
        ("She sells cars and rents flats.", "rents"),
        ("What matters is he came.", "is"),
        ("Who's she married to?", "Who's"),
    ],
)
def test_what_is_open_is_ambiguous(text: str, word: str) -> None:
    pair = next(iter(swap(text, "gender", "neutral")))
    assert pair.validity.value == "ambiguous"
    assert word in str(pair.reason)


@pytest.mark.parametrize("text", ["They left.", "Their dog barked.", "The parents asked them."])
def test_plural_they_is_left_alone(text: str) -> None:
    assert swap(text, "gender") == []
    assert swap(text, "gender", "neutral") == []


def test_neutral_is_made_only_when_asked_for() -> None:
    assert {p.group_to for p in swap("She left.", "gender")} == {"male"}


def test_spans_of_a_changed_verb_are_exact() -> None:
    pair = neutral("She was late.")
    assert [pair.text[s:e] for s, e in pair.spans_from] == ["She", "was"]
    assert [pair.counterfactual[s:e] for s, e in pair.spans_to] == ["They", "were"]


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("walks", "walk"), ("was", "were"), ("has", "have"), ("does", "do"), ("goes", "go"),
        ("tries", "try"), ("dies", "die"), ("passes", "pass"), ("watches", "watch"),
        ("pushes", "push"), ("fixes", "fix"), ("buzzes", "buzz"), ("uses", "use"),
        ("says", "say"), ("echoes", "echo"), ("walked", "walked"),
    ],
)  # fmt: skip
def test_plural_verb(singular: str, plural: str) -> None:
    assert plural_verb(singular, read_language("en")) == plural
