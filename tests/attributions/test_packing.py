"""Attributions as shap's own objects: what shap's plots and slices take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from auditor.attributions.base import Attribution, Refused
from auditor.attributions.packing import pack, packed
from auditor.errors import ModelError
from tests.attributions.cutters import attribution, cut

NAMES = ["negative", "positive"]
LONG, SHORT = "the man waited at the bank.", "she left"
TEXTS = {
    "ragged": [LONG, SHORT],
    "equal": ["the man left early", "a woman came back"],
    "one": [LONG],
}


@pytest.fixture(autouse=True)
def drawn_nowhere() -> Iterator[None]:
    """Plots go to memory, and are gone afterwards."""
    import matplotlib.pyplot as plt

    mpl.use("Agg")
    yield
    plt.close("all")


def made(text: str, seed: int = 0) -> Attribution:
    """Returns made-up values with a hierarchy, as the method "owen" gives them."""
    found = attribution(cut("words", text), seed)
    kept = np.zeros((2 * len(found.tokens) - 1, 2))
    kept[: len(found.tokens)] = found.values
    return Attribution(
        found.tokens, found.values, found.base, found.score, "owen", "log-odds", hierarchical=kept
    )


def explanation(case: str) -> Any:
    return pack([made(text, i) for i, text in enumerate(TEXTS[case])], NAMES)


@pytest.mark.parametrize("case", TEXTS)
def test_a_slice_has_the_values_tokens_and_base_of_one_text_and_label(case: str) -> None:
    one, given = explanation(case)[0, :, "positive"], made(TEXTS[case][0])
    assert one.values.tolist() == given.values[:, 1].tolist()
    assert one.base_values == given.base[1]
    assert list(one.data) == list(given.tokens.segments)


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("label", [0, "positive"])
def test_shap_draws_the_bars_of_one_text(case: str, label: int | str) -> None:
    import shap

    axes = shap.plots.bar(explanation(case)[0, :, label], show=False)
    assert any("man" in each.get_text() for each in axes.get_yticklabels())


def test_shap_draws_the_bars_of_words_over_texts() -> None:
    import shap

    mean = explanation("ragged")[:, :, "positive"].abs.mean(0)
    axes = shap.plots.bar(mean, show=False)
    assert {"left", "bank"} <= {each.get_text() for each in axes.get_yticklabels()}


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("where", [slice(None), 0, (0, slice(None), "positive")])
def test_shap_draws_texts(case: str, where: Any) -> None:
    import shap

    assert "waited" in shap.plots.text(explanation(case)[where], display=False) or case == "equal"


@pytest.mark.parametrize("case", TEXTS)
def test_shap_draws_texts_of_a_method_without_a_hierarchy(case: str) -> None:
    import shap

    flat = pack([attribution(cut("words", text)) for text in TEXTS[case]], NAMES)
    assert flat.hierarchical_values is None
    assert "svg" in shap.plots.text(flat[0, :, "positive"], display=False)


def test_the_hierarchy_can_be_left_out() -> None:
    assert pack([made(LONG)], NAMES, hierarchy=False).clustering is None


def test_a_refused_text_keeps_its_place_with_a_warning() -> None:
    with pytest.warns(UserWarning, match=r"1 texts could not be explained, the first at 1: too"):
        found = pack([made(LONG), Refused(SHORT, "too long"), made(SHORT)], NAMES)
    assert found.refused == {1: "too long"}
    assert [len(values) for values in found.values] == [9, 0, 4]
    assert np.isnan(found.base_values[1]).all()
    assert found[2, :, "positive"].values.tolist() == made(SHORT).values[:, 1].tolist()


def test_a_refused_text_leaves_the_others_to_be_drawn() -> None:
    import shap

    with pytest.warns(UserWarning, match="could not be explained"):
        found = pack([Refused(SHORT, "too long"), made(LONG)], NAMES)
    assert "waited" in shap.plots.text(found[1, :, "positive"], display=False)


def test_nothing_refused_is_said_too() -> None:
    assert explanation("one").refused == {}


def test_no_text_at_all_is_an_error() -> None:
    with pytest.raises(ModelError, match="none of 2 texts can be explained: too long"):
        pack([Refused(SHORT, "too long")] * 2, NAMES)


def test_arrays_of_one_shape_become_one_array_and_others_stay_apart() -> None:
    assert packed([np.zeros((2, 1)), np.ones((2, 1))]).shape == (2, 2, 1)
    ragged = packed([np.zeros((2, 1)), np.ones((3, 1))])
    assert (ragged.dtype, ragged[1].shape) == (np.dtype(object), (3, 1))
