"""Names: the tables agree with their sources, cells are equal and matched, arms stay in a cell."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from auditor.content import content_path
from auditor.errors import DataError
from auditor.swaps.names import (
    FILES,
    FirstName,
    KnownName,
    LastName,
    NameTable,
    _nearest,
    crossed_names,
    fragmented,
    log_frequency,
    read_names,
)

RACES = ("white", "black", "asian", "hispanic")
GENDERS = ("male", "female")
INITIAL = {"W": "white", "B": "black", "A": "asian", "H": "hispanic"}
BERTRAND = {
    ("female", "white"): "Allison Anne Carrie Emily Jill Laurie Kristen Meredith Sarah",
    ("female", "black"): "Aisha Ebony Keisha Kenya Lakisha Latonya Latoya Tamika Tanisha",
    ("male", "white"): "Brad Brendan Geoffrey Greg Brett Jay Matthew Neil Todd",
    ("male", "black"): "Darnell Hakim Jamal Jermaine Kareem Leroy Rasheed Tremayne Tyrone",
}
"""American Economic Review 94(4), 2004, Table 8."""
CENSUS_COLUMN = {"white": 5, "black": 6, "asian": 7, "hispanic": 10}
LEAST_SHARE = {"white": 70, "black": 40, "asian": 70, "hispanic": 70}
"""Percent from which the census itself says that a last name signals a race."""
LEAST_OF_ONE_SEX = 0.75

Row = dict[str, str]


def plain(name: str) -> str:
    """Returns a name as the sources spell it, without capitals and apostrophes."""
    return name.casefold().replace("'", "")


def published(shared: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """Yields (first name, last name, gender, race, source) as published; no last name: ""."""
    for gender, file in zip(GENDERS, ("mens", "womens"), strict=True):
        lists = json.loads((shared / f"benchmarks/names/top_{file}_names.json").read_text("utf-8"))
        for race, names in lists.items():
            for first, last in map(str.split, names):
                yield plain(first), plain(last), gender, INITIAL[race], "bloomberg"
    for (gender, race), text in BERTRAND.items():
        for name in text.split():
            yield plain(name), "", gender, race, "bertrand"


def baby_counts(shared: Path) -> dict[tuple[str, str], int]:
    """Returns (name, gender) -> babies of 2010."""
    with (shared / "benchmarks/names/ssa_yob2010.txt").open(encoding="utf-8") as file:
        sexes = {"M": "male", "F": "female"}
        return {(plain(name), sexes[sex]): int(count) for name, sex, count in csv.reader(file)}


def recomputed_first(shared: Path) -> dict[str, Row]:
    """Returns the rows of first_names.csv as far as the sources at hand determine them."""
    cells: dict[str, set[tuple[str, str]]] = defaultdict(set)
    sources: dict[str, set[str]] = defaultdict(set)
    for first, _, gender, race, source in published(shared):
        cells[first].add((gender, race))
        sources[first].add(source)
    babies = baby_counts(shared)
    rows = {}
    for name, found in cells.items():
        (gender, race), *others = found
        count = babies.get((name, gender), 0)
        both = sum(babies.get((name, g), 0) for g in GENDERS)
        if not others and count >= LEAST_OF_ONE_SEX * both:
            ids = " ".join(sorted(sources[name]))
            rows[name] = {"gender": gender, "race": race, "count": str(count), "sources": ids}
    return rows


def census(shared: Path) -> dict[str, list[str]]:
    """Returns last name -> line of the table of the 1,000 most frequent."""
    path = shared / "benchmarks/names/Names_2010Census_Top1000.csv"
    with path.open(encoding="utf-8-sig") as file:
        return {plain(line[0]): line for line in list(csv.reader(file))[3:] if line[1].isdigit()}


def recomputed_last(shared: Path) -> dict[str, Row]:
    """Returns the rows of last_names.csv."""
    sources: dict[tuple[str, str], set[str]] = defaultdict(set)
    for _, last, _, race, source in published(shared):
        if last:
            sources[last, race].add(source)
    lines = census(shared)
    for name, line in lines.items():
        for race, least in LEAST_SHARE.items():
            share = line[CENSUS_COLUMN[race]]
            if share != "(S)" and float(share) >= least:
                sources[name, race].add("census")
    rows = {}
    for (name, race), ids in sources.items():
        if sum(other == name for other, _ in sources) == 1:
            line = lines.get(name, [""] * 11)
            share = line[CENSUS_COLUMN[race]]
            rows[name] = {"race": race, "share": share, "per_100k": line[3].replace(",", "")}
            rows[name]["sources"] = " ".join(sorted(ids))
    return rows


def written(kind: str) -> dict[str, Row]:
    """Returns the rows of a table of ours, by the name as the sources spell it."""
    path = content_path("datasets", "names", f"{kind}_names.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {plain(row["name"]): row for row in csv.DictReader(file)}


def without(rows: Mapping[str, Row], *columns: str) -> dict[str, Row]:
    return {name: {k: v for k, v in r.items() if k not in columns} for name, r in rows.items()}


def test_first_names_follow_from_their_sources(shared: Path) -> None:
    """All but `share`, whose source is not at hand, and `word`, which is judged by hand."""
    assert without(written("first"), "name", "share", "word") == recomputed_first(shared)


def test_last_names_follow_from_their_sources(shared: Path) -> None:
    assert without(written("last"), "name") == recomputed_last(shared)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("first", "DeShawn"), ("first", "Allison"), ("last", "O'Connell"), ("last", "McDonald")],
)
def test_names_are_written_as_their_bearers_write_them(kind: str, name: str) -> None:
    assert written(kind)[plain(name)]["name"] == name


@pytest.mark.parametrize("name", ["emily", "amari", "kelly", "taylor"])
def test_a_name_of_two_races_or_genders_is_left_out(name: str) -> None:
    assert name not in read_names().first


@pytest.mark.parametrize("name", ["grace", "may", "mark", "chase", "hunter", "kenya", "jesus"])
def test_a_name_that_is_a_word_says_so(name: str) -> None:
    assert read_names().first[name].word
    assert not read_names().first["allison"].word


@pytest.mark.parametrize(
    ("name", "share", "alone"),
    [("minh", 98, True), ("kenneth", 1.9, False), ("jose", 89.7, True), ("pooja", None, True)],
)
def test_a_first_name_signals_alone_where_most_bearers_are_of_its_race(
    name: str, share: float | None, alone: bool
) -> None:
    found = read_names().first[name]
    assert found.share == pytest.approx(share, abs=0.6)
    assert found.alone is alone


OLDER = {
    "female": """
Agnes Angelia Antoinette Barb Becky Bernadette Bernadine Bernice Bette Bettie Betty Bettye Beulah
Beverly Blanche Bobbi Candace Candice Cari Carol Carole Cathleen Cathy Cecile Charlene Cheryl
Christa Christie Christy Chrystal Claudette Connie Constance Cornelia Darla Dawn Deanne Debbie
Debra Deena Deirdre Della Delores Deloris Denice Diane Dianna Dianne Dolores Dora Doris Dottie
Edna Effie Elvira Erma Ernestine Essie Ethel Eugenia Fannie Felicia Fern Florence Fran Freda
Frieda Gail Gayle Gena Geneva Gertrude Ginny Gladys Glenda Glenna Goldie Harriet Hilda Ida Ilene
Imogene Inez Irma Janette Janine Janis Jayne Jeanette Jeanine Jeannette Jeannie Jeannine Jenifer
Jennie Jeri Jerri Joann Joanne Juanita Judy Karin Kathie Kay Kaye Keri Kerri Kristie Kristy
Lavonne Leanne Lenora Leola Liz Lois Lora Lorene Loretta Lorna Lorraine Lucretia Luella Lula Lynda
Lynette Lynne Mamie Mandi Mandy Marcia Margie Margo Marguerite Marianne Marjorie Marla Marsha
Marva Maryann Maude Meg Melba Mildred Mindy Minnie Missy Mona Muriel Myrna Myrtle Nadine Nan
Nanette Nellie Noreen Olga Opal Pam Patsy Patti Patty Pauline Peg Peggy Phyllis Polly Racheal
Ramona Rena Rhonda Roberta Rochelle Ronda Rosalind Rosanne Rosemarie Rosetta Rosie Roslyn Sallie
Saundra Shana Shauna Shawna Shelia Shelley Shelly Sheri Sherri Sherrie Sherry Sheryl Sondra Sonja
Staci Stacie Sue Susie Suzie Tami Tammi Tammy Teri Terri Thelma Therese Tonya Traci Tricia Trisha
Trudy Ursula Valarie Velma Vicki Vickie Vicky Viola Wanda Wendi Wilma Winifred Yvonne Zelda
""",
    "male": """
Al Alton Archie Arnie Arnold Art Barney Barry Bart Bernie Bert Bertram Bill Bob Boris Boyd
Bradford Bud Buddy Burt Carlton Carroll Cecil Chester Chet Chuck Claude Clement Cleveland Cliff
Clifford Clifton Clyde Curt Cyril Dan Darrel Dave Delbert Denny Dewayne Dewey Dick Dirk Dmitri Don
Donnie Doug Doyle Duane Dudley Duke Dwight Earl Earnest Ed Edmond Edmund Elbert Eldon Elwood Emil
Ernie Erwin Ferdinand Floyd Francois Fred Freddie Fritz Galen Garry Garth Gene Geoff Gerard
Giuseppe Glen Gregg Grover Gus Hal Hans Harris Herb Herbert Herman Herschel Hiram Hiroshi Homer
Horace Howie Hubert Hussein Igor Irving Irwin Jacques Jed Jeff Jerald Jim Jimmie Ken Kenji Kent
Khalid Kirk Klaus Laurence Len Les Lester Lloyd Lonnie Louie Lowell Luigi Luther Lyle Lyman Mac
Marty Matt Maynard Merle Millard Mitch Monte Monty Morris Mort Murray Nat Neal Ned Neville Norbert
Norm Norman Norris Olaf Orville Otis Pavel Percival Percy Pete Phil Randal Randolph Rich Rick
Rickey Rob Robby Rod Rodger Ron Rudolph Rufus Rupert Russ Rusty Sal Sergei Seymour Shelton Sherman
Sid Stan Stewart Sven Takashi Tariq Ted Teddy Terence Thad Thurman Tim Timmy Tom Vern Vernon Vic
Virgil Vito Waldo Wallace Wally Walt Ward Wendell Wes Wilbert Wilbur Wiley Wilfred Willard Willis
Woodrow Woody
""",
}
"""Well known among older people; fewer than 150 babies, hardly any of the other sex."""
OF_BOTH_NOW = {
    "female": "Joan Jean Stacy Stacey Sandy Joni Brandy Kelly",
    "male": "Joey Francis Daryl Lenny Sammy Toby Johnnie",
}
"""Of one sex among older people, less clearly so among the babies of 2010."""
LEFT_OUT = {"alex", "chris", "rene", "sam", "terry"}
"""Of one sex among the babies of 2010, of both among adults."""


def clearly(babies: Mapping[tuple[str, str], int], name: str, gender: str) -> bool:
    """Whether 95 % of a name's babies, if it has any, are of that sex."""
    total = sum(babies.get((name, g), 0) for g in GENDERS)
    return babies.get((name, gender), 0) >= 0.95 * total


def test_known_names_follow_from_births_and_the_lists_here(shared: Path) -> None:
    """150 babies of one sex, 95 % of them of it; names added and left out by hand; first names."""
    babies = baby_counts(shared)
    expected = {
        name: gender
        for (name, gender), count in babies.items()
        if count >= 150 and clearly(babies, name, gender) and name not in LEFT_OUT
    }
    for names in (OLDER, OF_BOTH_NOW):
        expected |= {plain(name): g for g, text in names.items() for name in text.split()}
    expected |= {name: row["gender"] for name, row in written("first").items()}
    assert {name: row["gender"] for name, row in written("known").items()} == expected


def test_older_names_are_rare_now_and_of_the_sex_that_they_are_listed_under(shared: Path) -> None:
    babies = baby_counts(shared)
    for gender, text in OLDER.items():
        for name in map(plain, text.split()):
            assert clearly(babies, name, gender), name
            assert babies.get((name, gender), 0) < 150, name


@pytest.mark.parametrize("name", ["emily", "james", "michael", "linda", "karen", "gary", "matthew"])
def test_a_common_name_is_known_whatever_it_signals(name: str) -> None:
    assert not read_names().known[name].word


@pytest.mark.parametrize("name", ["will", "may", "april", "grace", "christian", "jackson", "mark"])
def test_a_known_name_that_is_a_word_says_so(name: str) -> None:
    assert read_names().known[name].word


def test_common_last_names_are_those_of_the_census(shared: Path) -> None:
    assert {plain(name) for name in read_names().common} == set(census(shared))


@pytest.mark.parametrize(("last", "tells"), [("johnson", True), ("white", False), ("long", False)])
def test_a_last_name_that_is_a_word_makes_no_person_of_a_word(last: str, tells: bool) -> None:
    assert read_names().tells_person(last) is tells


def test_well_known_names_are_full_names_each_once() -> None:
    names = read_names().well_known
    assert len(set(names)) == len(names)
    assert all(len(name.split()) > 1 for name in names)


def test_the_hash_is_that_of_all_files_together() -> None:
    folder = content_path("datasets", "names")
    files = [(folder / file).read_bytes() for file in FILES]
    assert read_names().sha256 == hashlib.sha256(b"".join(files)).hexdigest()


DESIGNS = {
    "all cells": ({"races": RACES, "genders": GENDERS}, 1.2),
    "two races": ({"races": RACES[:2], "genders": GENDERS}, 0.6),
    "one gender": ({"races": RACES, "genders": GENDERS[1:]}, 1.0),
    "fewer names": ({"races": RACES, "genders": GENDERS, "per_group": 8}, 0.35),
}
"""Arguments and the largest distance between the names of one place, log10."""
designs = pytest.mark.parametrize(("asked", "tolerance"), DESIGNS.values(), ids=DESIGNS)


@designs
def test_every_cell_has_equally_many_names_that_signal_it(
    asked: dict[str, Any], tolerance: float
) -> None:
    cells = crossed_names(read_names(), **asked)
    assert list(cells) == [(g, r) for g in asked["genders"] for r in asked["races"]]
    for (gender, race), names in cells.items():
        assert len(names) == asked.get("per_group", 24)
        assert {(n.gender, n.race, n.first.gender, n.last.race) for n in names} == {
            (gender, race, gender, race)
        }


@designs
def test_no_first_name_stands_twice_and_no_last_name_twice_in_a_cell(
    asked: dict[str, Any], tolerance: float
) -> None:
    cells = crossed_names(read_names(), **asked)
    firsts = [name.first.name for names in cells.values() for name in names]
    assert len(set(firsts)) == len(firsts)
    assert all(len({name.last.name for name in names}) == len(names) for names in cells.values())


@designs
def test_names_at_one_place_are_of_like_frequency(asked: dict[str, Any], tolerance: float) -> None:
    for names in zip(*crossed_names(read_names(), **asked).values(), strict=True):
        first = [log_frequency(name.first) for name in names]
        last = [log_frequency(name.last) for name in names]
        assert max(first) - min(first) <= tolerance
        assert max(last) - min(last) <= 0.25


@designs
def test_no_chosen_name_is_a_word_or_a_last_name(asked: dict[str, Any], tolerance: float) -> None:
    table = read_names()
    for names in crossed_names(table, **asked).values():
        for name in names:
            assert not name.first.word
            assert name.first.name.casefold() not in table.last


@designs
def test_the_choice_does_not_depend_on_the_order_of_the_rows(
    asked: dict[str, Any], tolerance: float
) -> None:
    table = read_names()
    first, last = (dict(reversed([*x.items()])) for x in (table.first, table.last))
    turned = NameTable(first, last, {}, "")
    assert crossed_names(turned, **asked) == crossed_names(table, **asked)


MALE_WHITE = ("male", "white")
MALE_BLACK = ("male", "black")


def first(name: str, count: int, cell: tuple[str, str] = MALE_WHITE) -> FirstName:
    return FirstName(name, *cell, count, word=False)


def table_of(*names: FirstName) -> NameTable:
    last = [LastName(f"{r}{i}", r, 90, 10 * i) for r in RACES for i in range(1, 6)]
    known = {x.name.casefold(): KnownName(x.name, x.gender, x.word) for x in names}
    return NameTable({x.name.casefold(): x for x in names}, {x.name: x for x in last}, known, "")


def length(name: str) -> int:
    """A tokenizer whose pieces have three letters."""
    return -(-len(name) // 3)


def test_the_counts_that_two_cells_share_are_chosen() -> None:
    white = [first(f"W{n}", n) for n in (9000, 700, 500, 100, 50, 10)]
    black = [first(f"B{n}", n, MALE_BLACK) for n in (500, 100, 50)]
    cells = crossed_names(table_of(*white, *black), races=RACES[:2], genders=["male"], per_group=3)
    assert [name.full for name in cells[MALE_WHITE]] == ["W500 white4", "W100 white3", "W50 white2"]
    assert [name.first.count for name in cells[MALE_BLACK]] == [500, 100, 50]


def test_the_nearest_names_are_those_of_a_search_of_all_choices() -> None:
    values, profile = (5.0, 4.4, 3.9, 3.0, 2.9, 1.0, 0.5), (4.2, 3.9, 0.9)

    def misfit(places: tuple[int, ...]) -> float:
        return sum((values[i] - x) ** 2 for i, x in zip(places, profile, strict=True))

    assert _nearest(values, profile) == min(combinations(range(7), 3), key=misfit)


def test_too_few_names_are_refused_with_what_there_is() -> None:
    table = table_of(first("A", 9), first("B", 8), first("C", 7, MALE_BLACK))
    with pytest.raises(DataError) as error:
        crossed_names(table, races=RACES[:2], genders=["male"], per_group=2)
    assert str(error.value) == (
        "2 names for each gender and race are asked for; there are white male 2, black male 1; "
        "ask for 1 names or fewer"
    )


def test_a_race_without_names_is_refused() -> None:
    with pytest.raises(DataError, match="martian male 0; leave out what has none"):
        crossed_names(read_names(), races=["white", "martian"], genders=["male"])


@pytest.mark.parametrize("gender", GENDERS)
@pytest.mark.parametrize("race", RACES)
def test_fragmented_names_signal_the_same_and_are_rarer(gender: str, race: str) -> None:
    def pieces(name: str) -> int:
        return -(-len(name) // 5)

    pairs = fragmented(read_names(), gender=gender, race=race, count_tokens=pieces, limit=5)
    assert 0 < len(pairs) <= 5
    assert len({x.name for pair in pairs for x in pair}) == 2 * len(pairs)
    for common, rare in pairs:
        assert {(x.gender, x.race, x.alone) for x in (common, rare)} == {(gender, race, True)}
        assert pieces(common.name) == 1 < pieces(rare.name)
        assert common.count > rare.count


def test_the_commonest_whole_name_meets_the_rarest_in_pieces() -> None:
    table = table_of(*(first(*x) for x in [("Al", 9), ("Bo", 90), ("Carl", 5), ("Donald", 7)]))
    pairs = fragmented(table, gender="male", race="white", count_tokens=length, limit=9)
    assert [(a.name, b.name) for a, b in pairs] == [("Bo", "Carl"), ("Al", "Donald")]
