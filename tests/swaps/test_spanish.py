"""Spanish: articles, agreement and templates in a language whose nouns have genders.

Every sentence is given to the letter; what cannot be known stays out of verdicts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from auditor.errors import DataError
from auditor.grammar import Noun, read_grammar
from auditor.plan import SwapPlan
from auditor.records import Arm, Contrast, Pair, SourceText, TemplateTerm, Validity
from auditor.sources.templates import (
    Template,
    TemplateTexts,
    find_templates,
    read_templates,
)
from auditor.swaps.attributes import open_attributes, template_terms
from auditor.swaps.by_word import WordSwaps
from auditor.swaps.lexicons import Row, available_lexicons, load_lexicons, read_lexicon
from auditor.swaps.swapper import Swapper, every_swapper, swap
from auditor.swaps.words import Words
from tests.swaps.test_lexicons import written
from tests.swaps.test_swapper import without

LEXICONS = available_lexicons("es")
SWAPPER = every_swapper(list(LEXICONS), language="es")

# Each way, so that the one is the counterfactual of the other.
BOTH_WAYS = [
    ("Una mujer llamó ayer.", "Un hombre llamó ayer."),
    ("La niña duerme.", "El niño duerme."),
    ("La actriz sonríe.", "El actor sonríe."),
    ("Ella viene.", "Él viene."),
    ("¿Ella viene?", "¿Él viene?"),
    ("LA PROFESORA SALE TARDE.", "EL PROFESOR SALE TARDE."),
    ("Vi a la abogada.", "Vi al abogado."),
    ("A la vecina le gusta leer.", "Al vecino le gusta leer."),
    ("De la abuela no sé.", "Del abuelo no sé."),
    ("DEL REY", "DE LA REINA"),
    ("A LA CAMARERA", "AL CAMARERO"),
    ("Esta niña duerme.", "Este niño duerme."),
    ("Vi a aquella mujer.", "Vi a aquel hombre."),
    ("Viene nuestra hija.", "Viene nuestro hijo."),
    ("Viene alguna vecina.", "Viene algún vecino."),
    ("Ninguna mujer sale.", "Ningún hombre sale."),
    ("La otra hermana viene.", "El otro hermano viene."),
    ("A la otra vecina le gusta leer.", "Al otro vecino le gusta leer."),
    ("Es una buena actriz.", "Es un buen actor."),
    ("La mejor profesora viene.", "El mejor profesor viene."),
    ("Es una gran escritora.", "Es un gran escritor."),
    ("Una joven profesora sale.", "Un joven profesor sale."),
    ("Todas las mujeres vienen.", "Todos los hombres vienen."),
    ("Unas mujeres vienen.", "Unos hombres vienen."),
    ("Vi a las dos mujeres.", "Vi a los dos hombres."),
    ("De las mujeres no sé.", "De los hombres no sé."),
    ("Mi madre duerme.", "Mi padre duerme."),
    ("Mi mujer viene tarde.", "Mi marido viene tarde."),
    ("La señora Pérez sale.", "El señor Pérez sale."),
    ("La Sra. Pérez sale.", "El Sr. Pérez sale."),
    ("La «profesora» sale.", "El «profesor» sale."),
    ("La\nniña duerme.", "El\nniño duerme."),
    ("Tu suegra y mi yerno salen.", "Tu suegro y mi nuera salen."),
    ("La mujer sale con el hombre.", "El hombre sale con la mujer."),
    ("Las niñas duermen.", "Los niños duermen."),
    ("Vi a las profesoras.", "Vi a los profesores."),
    ("Ellas vienen.", "Ellos vienen."),
    ("La señora viene con el jefe.", "El señor viene con la jefa."),
]
# A masculine plural may speak of women too.
GENERIC = ("niñas", "profesoras", "ellas")

# attribute, group, text, counterfactual
BY_ATTRIBUTE = [
    ("religion", "muslim", "El hombre judío llamó.", "El hombre musulmán llamó."),
    ("religion", "jewish", "La vecina atea llamó.", "La vecina judía llamó."),
    ("religion", "christian", "Una musulmana llamó.", "Una cristiana llamó."),
    ("religion", "atheist", "Los judíos y las judías", "Los ateos y las ateas"),
    ("religion", "muslim", "Vive junto a la iglesia.", "Vive junto a la mezquita."),
    ("religion", "muslim", "El judaísmo", "El islam"),
    ("religion", "jewish", "UNA PERSONA ATEA", "UNA PERSONA JUDÍA"),
]

# text, counterfactual, validity, what the reason names
KEPT_OUT = [
    ("La profesora está cansada.", "El profesor está cansada.", "ambiguous", "'cansada'"),
    ("Él no vino; lo llamé.", "Ella no vino; lo llamé.", "ambiguous", "'lo'"),
    ("Es una profesora francesa.", "Es un profesor francesa.", "ambiguous", "'francesa'"),
    ("Un profesor español sale.", "Una profesora español sale.", "ambiguous", "'español'"),
    ("Sale don José.", "Sale doña José.", "asymmetric", "'don'"),
    ("La señorita Pérez sale.", "El señor Pérez sale.", "asymmetric", "'señorita'"),
    ("Los hijos vienen.", "Las hijas vienen.", "asymmetric", "'hijos'"),
    ("La mujer embarazada", "El hombre embarazada", "asymmetric", "'embarazada'"),
]

LEFT_ALONE = [
    "Es una obra maestra.", "Es un don natural.", "Los países vecinos", "La persona llamó.",
    "Ha abogado por la paz.", "Sube el fenómeno de la Niña.", "El rey Felipe sale.", "https://la.es/niña",
]  # fmt: skip


def to_other(text: str) -> Pair:
    [pair] = swap(text, "gender", language="es")
    return pair


@pytest.mark.parametrize(("feminine", "masculine"), BOTH_WAYS)
def test_each_way_to_the_letter(feminine: str, masculine: str) -> None:
    generic = any(word in GENERIC for word in Words.of(feminine).folded)
    validity = Validity.ASYMMETRIC if generic else Validity.VALID
    for text, counterfactual in ((feminine, masculine), (masculine, feminine)):
        pair = to_other(text)
        assert pair.counterfactual == counterfactual
        assert pair.validity is validity
        assert without(text, pair.spans_from) == without(counterfactual, pair.spans_to)


@pytest.mark.parametrize(("attribute", "group", "text", "expected"), BY_ATTRIBUTE)
def test_by_attribute(attribute: str, group: str, text: str, expected: str) -> None:
    [pair] = swap(text, attribute, group, language="es")
    assert (pair.counterfactual, pair.validity) == (expected, Validity.VALID)


@pytest.mark.parametrize(("text", "expected", "validity", "word"), KEPT_OUT)
def test_kept_out_of_verdicts(text: str, expected: str, validity: str, word: str) -> None:
    pair = to_other(text)
    assert (pair.counterfactual, pair.validity.value) == (expected, validity)
    assert word in str(pair.reason)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_left_alone(text: str) -> None:
    assert swap(text, "gender", language="es") == []


def test_an_edit_takes_the_article_and_nothing_more() -> None:
    pair = to_other("Vi a la otra vecina ayer.")
    assert pair.text[slice(*pair.spans_from[0])] == "a la otra vecina"
    assert pair.counterfactual[slice(*pair.spans_to[0])] == "al otro vecino"
    assert (pair.term_from, pair.term_to) == ("vecina", "vecino")


def test_an_article_that_did_not_fit_is_left_alone() -> None:
    assert to_other("la hombre").counterfactual == "la mujer"
    assert to_other("vi la profesoras").counterfactual == "vi la profesores"


def test_english_articles_mean_nothing_in_spanish() -> None:
    assert to_other("Vi a abogadas.").counterfactual == "Vi a abogados."
    assert to_other("an actriz").counterfactual == "an actor"


CARRIERS = {"title": "Sale {} García.", "common": "Sale {} {}.", "any": "Sale {} {}."}


def entries() -> Iterator[tuple[str, str, str]]:
    """Yields (attribute, group, sentence) for every word that its place leads back to."""
    grammar = read_grammar("es")
    for lexicon in LEXICONS.values():
        for row in lexicon.rows:
            for group, terms in row.terms.items():
                places = min(map(len, row.terms.values()))
                for term in terms[:places]:
                    noun = Noun(term.word, term.gender, row.number)
                    article = "" if takes_none(row) else grammar.form("el", noun)
                    carrier = CARRIERS[term.context]
                    words = [term.word] if term.context == "title" else [article, term.word]
                    yield lexicon.id, group, carrier.format(*words).replace("  ", " ")


def takes_none(row: Row) -> bool:
    return bool(row.case) or row.concept == "my_husband"


@pytest.mark.parametrize("attribute", LEXICONS)
def test_there_and_back_is_the_identity_on_every_entry(attribute: str) -> None:
    seen = 0
    for _, group, text in [each for each in entries() if each[0] == attribute]:
        there = [p for p in swap(text, attribute, language="es") if p.group_from == group]
        assert there, text
        for pair in there:
            back = swap(pair.counterfactual, attribute, group, language="es")
            assert [p.counterfactual for p in back] == [text]
            seen += 1
    assert seen > 100


# Templates

PLAN = SwapPlan(attributes=("gender", "religion"), language="es")
ATTRIBUTES = open_attributes(PLAN)

FILLED = {
    "trabajo-oferta": (
        "La empresa ofreció el puesto al hombre después de la segunda entrevista.",
        "La empresa ofreció el puesto a la mujer después de la segunda entrevista.",
    ),
    "trabajo-recepcion": (
        "La semana pasada contratamos a un hombre y lo presentamos al resto del equipo.",
        "La semana pasada contratamos a una mujer y la presentamos al resto del equipo.",
    ),
    "vivienda-llaves": (
        "Entregamos las llaves al hombre que se mudó solo al tercer piso.",
        "Entregamos las llaves a la mujer que se mudó sola al tercer piso.",
    ),
    "salud-urgencias": (
        "Un hombre llegó cansado a urgencias y esperó dos horas.",
        "Una mujer llegó cansada a urgencias y esperó dos horas.",
    ),
    "justicia-declaracion": (
        "Durante una hora el jurado escuchó la declaración del hombre.",
        "Durante una hora el jurado escuchó la declaración de la mujer.",
    ),
    "vida-ventana": (
        "Sentado junto a la ventana, el hombre leía el periódico.",
        "Sentada junto a la ventana, la mujer leía el periódico.",
    ),
}


def texts(*terms: TemplateTerm) -> list[SourceText]:
    source = TemplateTexts(["es-cotidiano"], terms or template_terms(ATTRIBUTES), "es")
    return [text for chunk in source.chunks(50) for text in chunk]


def pairs_of(source: SourceText) -> list[Pair]:
    return [p for p in Swapper(ATTRIBUTES, PLAN).pairs(source) if p.arm is Arm.SWAP]


MAN = TemplateTerm("gender", "man", "hombre", gender="masculine")
WOMAN = TemplateTerm("gender", "man", "mujer", gender="feminine")


@pytest.mark.parametrize(("template", "sides"), FILLED.items(), ids=FILLED)
def test_a_templates_words_agree_on_either_side(template: str, sides: tuple[str, str]) -> None:
    for term, (text, counterfactual) in ((MAN, sides), (WOMAN, sides[::-1])):
        source = next(t for t in texts(term) if t.template_id == template)
        [pair] = pairs_of(source)
        assert (pair.text, pair.counterfactual) == (text, counterfactual)
        assert without(text, pair.spans_from) == without(counterfactual, pair.spans_to)
        assert pair.validity is Validity.VALID


def test_spans_of_agreeing_words_are_exact_and_in_order() -> None:
    source = next(t for t in texts(WOMAN) if t.template_id == "vida-ventana")
    [pair] = pairs_of(source)
    taken = [pair.text[s:e] for s, e in pair.spans_from]
    given = [pair.counterfactual[s:e] for s, e in pair.spans_to]
    assert (taken, given) == (["Sentada", "la mujer"], ["Sentado", "el hombre"])
    assert source.agreements is not None
    assert [a.forms for a in source.agreements] == [("Sentado", "Sentada")]


def test_every_filled_template_is_swapped_and_judged() -> None:
    for source in texts():
        found = Swapper(ATTRIBUTES, PLAN).swap(source).found
        assert [len(f.mentions) for f in found.values()] == [1], source.text
        pairs = pairs_of(source)
        assert {p.validity for p in pairs} == {Validity.VALID}, source.text
        others = len(LEXICONS[str((source.attributes or ("",))[0])].groups) - 1
        assert len(pairs) == others


def test_the_filled_woman_is_the_filled_mans_counterfactual() -> None:
    men, women = texts(MAN), texts(WOMAN)
    assert len(men) >= 20
    assert [pairs_of(t)[0].counterfactual for t in men] == [t.text for t in women]
    assert [pairs_of(t)[0].counterfactual for t in women] == [t.text for t in men]


def test_what_does_not_change_gender_leaves_agreeing_words_alone() -> None:
    term = TemplateTerm("religion", "woman", "mujer cristiana", gender="feminine")
    source = next(t for t in texts(term) if t.template_id == "salud-urgencias")
    pair = next(p for p in pairs_of(source) if p.group_to == "atheist")
    assert pair.counterfactual == "Una mujer atea llegó cansada a urgencias y esperó dos horas."
    assert len(pair.spans_from) == 1


def test_the_descriptor_goes_with_what_it_stood_in() -> None:
    source = next(t for t in texts() if t.row_id.endswith("vida-tomates-religion-person"))
    plan = PLAN.model_copy(update={"arms": ("unmentioned",)})
    [pair] = [p for p in Swapper(ATTRIBUTES, plan).pairs(source) if p.arm is Arm.UNMENTIONED]
    assert pair.counterfactual.startswith("Una persona compró")


def test_a_word_with_one_form_is_no_edit() -> None:
    filled = Template("t", "{El person} salió {feliz|feliz}.").fill(MAN, read_grammar("es"))
    source = SourceText("r", filled.text, "c", attributes=("gender",), agreements=filled.agreements)
    [pair] = pairs_of(source)
    assert (pair.counterfactual, len(pair.spans_to)) == ("La mujer salió feliz.", 1)


def test_two_people_cannot_share_a_templates_agreement() -> None:
    template = Template("t", "{El person} y la mujer llegaron; el jefe {lo|la} vio.")
    filled = template.fill(MAN, read_grammar("es"))
    source = SourceText("r", filled.text, "c", attributes=("gender",), agreements=filled.agreements)
    [pair] = pairs_of(source)
    assert (pair.validity, "one person" in str(pair.reason)) == (Validity.AMBIGUOUS, True)


def test_the_templates_cover_the_domains_of_the_english_ones() -> None:
    spanish, english = (read_templates(find_templates(n)) for n in ("es-cotidiano", "everyday"))
    assert {t.domain for t in spanish.templates} == {t.domain for t in english.templates}
    assert len({t.text for t in spanish.templates}) == len(spanish.templates) >= 20
    assert {t.polarity for t in spanish.templates} == {"neutral", "positive", "negative"}
    assert spanish.language == "es"


# Refusals

LEXICON = """
id = "team"
title = "Equipo"
language = "es"
groups = ["red", "blue"]
reference = "red"
genders = { red = "masculine", blue = "feminine" }
source = "made up"
reviewed_by = "no one"
missing = "all else"
"""
ROW = """
[[row]]
concept = "player"
red = "rojo"
blue = { word = "azulada", gender = "feminine" }
"""

REFUSED_LEXICONS = {
    "unknown gender": (
        LEXICON + ROW.replace('"feminine"', '"neuter"'),
        "player: 'azulada': gender 'neuter' is not one of masculine, feminine",
    ),
    "no gender": (
        LEXICON.replace('red = "masculine", ', "") + ROW,
        "player: 'rojo': gender '' is not one of masculine, feminine; give it for the word",
    ),
    "gender of a row": (LEXICON + ROW + 'gender = "x"', "player: 'rojo': gender 'x' is not one of"),
    "no such group": (LEXICON.replace("red = ", "tan = ") + ROW, "genders has 'tan', which is no"),
    "no table": (LEXICON.replace('{ red = "masculine", blue = "feminine" }', "7") + ROW, "got 7"),
    "no genders there": (
        LEXICON.replace('"es"', '"en"') + ROW,
        "player: 'rojo': has the gender 'masculine', but nouns of the language have none",
    ),
    "plural in templates": (
        LEXICON + ROW + 'template = true\nnumber = "plural"',
        "player: fills templates, which are about one person, but is plural",
    ),
}


@pytest.mark.parametrize(("text", "words"), REFUSED_LEXICONS.values(), ids=REFUSED_LEXICONS)
def test_a_lexicon_with_wrong_genders_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError) as error:
        read_lexicon(written(tmp_path, text))
    assert words in str(error.value)


def test_a_gender_is_the_words_own_or_the_rows_or_the_groups(tmp_path: Path) -> None:
    row = ROW.replace("player", "other").replace("rojo", "roja").replace("azulada", "azulado")
    lexicon = read_lexicon(written(tmp_path, f'{LEXICON}{ROW}{row}gender = "feminine"'))
    genders = [[t.gender for terms in r.terms.values() for t in terms] for r in lexicon.rows]
    assert genders == [["masculine", "feminine"], ["feminine", "feminine"]]


def test_every_problem_of_a_spanish_template_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text(
        'language = "es"\n'
        '[[template]]\nid = "a"\ntext = "{A person} llamó."\n'
        '[[template]]\nid = "b"\ntext = "{Un person} llegó {cansado|cansada|cansade}."\n'
        '[[template]]\nid = "c"\ntext = "Llegó {cansado|cansada}."\n'
        '[[template]]\nid = "d"\ntext = "{Un person} es profesor{|a}."\n',
        encoding="utf-8",
    )
    with pytest.raises(DataError) as caught:
        read_templates(path)
    for words in (
        "a: unknown slot {A person}; there are {person}, {el person}, {El person}",
        "b: {cansado|cansada|cansade} has 3 forms; give one each for masculine, feminine",
        "c: has no slot",
        "d: {|a} has an empty form",
    ):
        assert words in str(caught.value)


def test_forms_by_gender_are_refused_where_nouns_have_none(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text('[[template]]\nid = "a"\ntext = "{A person} met {him|her}."\n')
    with pytest.raises(DataError, match="has forms by gender, and nouns of the language have none"):
        read_templates(path)


def test_templates_of_an_unknown_language_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text('language = "xx"\n[[template]]\nid = "a"\ntext = "{person}"\n')
    with pytest.raises(DataError, match="language 'xx' is not one of en, es"):
        read_templates(path)


@pytest.mark.parametrize("attribute", ["gender*religion", "gender_names"])
def test_what_spanish_cannot_have_is_refused(attribute: str) -> None:
    with pytest.raises(DataError, match="no names and no intersections in 'es'"):
        open_attributes(SwapPlan(attributes=(attribute,), language="es"))


def test_languages_do_not_mix(tmp_path: Path) -> None:
    path = written(tmp_path, LEXICON + ROW)
    with pytest.raises(DataError, match="lexicon team is in 'es', the plan's language is 'en'"):
        load_lexicons(["team"], [path])
    with pytest.raises(DataError, match="no language 'xx'; there are en, es"):
        open_attributes(SwapPlan(attributes=(), language="xx"))
    with pytest.raises(DataError, match="templates everyday are in 'en'"):
        TemplateTexts(["everyday"], [MAN], "es")


# No language is hard-wired

MADE_UP = """
genders = "sun moon star"
articles = '''
ka/ki/ko
nu/no ki/nu ko
'''
agreeing_endings = "e u y"
"""
MADE_UP_LEXICON = """
id = "kind"
title = "Kind"
language = "zz"
groups = ["tall", "low", "odd"]
reference = "tall"
genders = { tall = "sun", low = "moon", odd = "star" }
source = "made up"
reviewed_by = "no one"
missing = "all else"
[[row]]
concept = "one"
tall = "lome"
low = "lumu"
odd = "an"
"""


def test_a_made_up_language_needs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three genders, articles of one word and of two, and English words that mean nothing."""
    folder = tmp_path / "datasets" / "language"
    folder.mkdir(parents=True)
    (folder / "zz.toml").write_text(MADE_UP, encoding="utf-8")
    monkeypatch.setattr("auditor.grammar.content_path", tmp_path.joinpath)
    lexicon = read_lexicon(written(tmp_path, MADE_UP_LEXICON))
    swaps = WordSwaps(lexicon, [Contrast("kind", "tall", "low"), Contrast("kind", "tall", "odd")])

    def others(text: str) -> list[str]:
        pairs, _ = swaps.pairs(SourceText("r", text, "c", agreements=()), Words.of(text))
        return [pair.counterfactual for pair in pairs]

    assert others("Nu lome si.") == ["No ki lumu si.", "Nu ko an si."]
    assert others("Si no ki lumu.") == ["Si nu lome."]
    assert others("a ka lome") == ["a ki lumu", "a ko an"]
    assert others("the lome, a lome") == ["the lumu, a lumu", "the an, a an"]
    template = Template("t", "{Nu person} si {ve|vu|vy}.")
    term = TemplateTerm("kind", "one", "an", gender="star")
    assert template.fill(term, read_grammar("zz")).text == "Nu ko an si vy."
