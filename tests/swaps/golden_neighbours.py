"""Sentences beside each other that one rule tells apart: one moves, the next one otherwise or not.

Same columns as in golden.py: attribute, target group, text, counterfactual; `SAME` in place of the
counterfactual: nothing is swapped.
"""

from __future__ import annotations

SAME = None

F, M = "female", "male"

# (target group, text, counterfactual)
GENDER: list[tuple[str, str, str | None]] = [
    # Adjectives that are said of her, behind adverbs of degree
    (M, "That made her very happy.", "That made him very happy."),
    (M, "Her very happy dog made her less happy.", "His very happy dog made him less happy."),
    (M, "They found her rather attractive.", "They found him rather attractive."),
    (M, "It made her even happier last week.", "It made him even happier last week."),
    (M, "I like her very nice house.", "I like his very nice house."),
    (M, "They saw her very best.", "They saw his very best."),
    (M, "They hid her extra cash.", "They hid his extra cash."),
    # Numbers: of what it took, of days ago, of what she has
    (M, "It took her two hours.", "It took him two hours."),
    (M, "It took her hours, then years.", "It took him hours, then years."),
    (M, "It'll take her 20 minutes.", "It'll take him 20 minutes."),
    (M, "I met her three days ago.", "I met him three days ago."),
    (M, "I paid her ten dollars.", "I paid him ten dollars."),
    (M, "I owe her one.", "I owe him one."),
    (M, "I consider her one of the best.", "I consider him one of the best."),
    (M, "I met her two brothers.", "I met his two sisters."),
    (M, "He was hit by her 3 times.", "She was hit by him 3 times."),
    (M, "She took her time.", "He took his time."),
    (M, "I saw her 9 year old dog.", "I saw his 9 year old dog."),
    # How often
    (M, "I met her twice.", "I met him twice."),
    (M, "I met her twice last week.", "I met him twice last week."),
    (M, "I call her daily at noon.", "I call him daily at noon."),
    (M, "I read her daily report.", "I read his daily report."),
    (M, "I will love her forever.", "I will love him forever."),
    (M, "I love her forever home.", "I love his forever home."),
    (M, "We left. Her last day was long.", "We left. His last day was long."),
    # Seen at something
    (M, "I saw her standing there.", "I saw him standing there."),
    (M, "I saw her painting a wall.", "I saw him painting a wall."),
    (M, "I saw her wedding.", "I saw his wedding."),
    (M, "She lost her standing.", "He lost his standing."),
    (M, "I enjoy her teaching.", "I enjoy his teaching."),
    # Titles, and the text's own word in an exchange
    (F, "Mr. & Mrs. Smith came.", "Mrs. & Mr. Smith came."),
    (F, "Mr./Mrs. Smith", "Mrs./Mr. Smith"),
    (F, "Mr and Mrs", "Mrs and Mr"),
    (F, "Choose Mr or Ms.", "Choose Ms or Mr."),
    (F, "Mr. Smith and MS patients", "Ms. Smith and MS patients"),
    (F, "Mr. Smith and Mrs. Jones", "Mrs. Smith and Mr. Jones"),
    (F, "My dad and my mum", "My mum and my dad"),
    # Called out
    (F, "Thanks, man.", SAME),
    (F, "Thanks man!", SAME),
    (F, "Man, I'm tired.", SAME),
    (F, "Boy, it's hot.", SAME),
    (M, "Girl, please!", SAME),
    (F, "Come on, dude!", SAME),
    (F, "The man, tired, left.", "The woman, tired, left."),
    (F, "A boy, a man, and a dog", "A girl, a woman, and a dog"),
    (F, "I trust no man.", "I trust no woman."),
    (F, "Man, 20, found.", "Woman, 20, found."),
    (F, "Thanks, Dad.", "Thanks, Mom."),
    (F, "My friend Guy left.", SAME),
    (F, "The guy left.", "The gal left."),
    # Address, idioms
    (F, "Yes, sir!", "Yes, ma'am!"),
    (F, "Dear Sir,", "Dear Madam,"),
    (M, "A chick flick, a queen bed and a cat lady", SAME),
    (M, "The queen slept in a bed.", "The king slept in a bed."),
]

RELIGION: list[tuple[str, str, str | None]] = [
    ("muslim", "My son Christian is five.", SAME),
    ("muslim", "Christian said hi.", SAME),
    ("muslim", "Is Christian coming?", SAME),
    ("muslim", "Her brother Christian Smith left.", SAME),
    ("muslim", "He is Christian.", "He is Muslim."),
    ("muslim", "My husband is Christian.", "My husband is Muslim."),
    ("muslim", "Are you Christian?", "Are you Muslim?"),
    ("muslim", "She is a practising Christian at home.", "She is a practising Muslim at home."),
    ("christian", "The next Muslim I see", "The next Christian I see"),
    ("muslim", "Christian lives are precious.", "Muslim lives are precious."),
    ("muslim", "He goes to the church.", "He goes to the mosque."),
    ("muslim", "The bible of cooking", SAME),
    ("muslim", "She reads the Bible.", "She reads the Quran."),
    ("christian", "He is Muslim, not Christian.", "He is Christian, not Muslim."),
]

AGE: list[tuple[str, str, str | None]] = [
    ("middle_aged", "He is younger than me.", SAME),
    ("old", "When I was younger I sang.", SAME),
    ("old", "She is too young to die.", SAME),
    ("middle_aged", "A younger student", SAME),
    ("old", "A younger student", "An older student"),
    ("middle_aged", "Young people", "Middle-aged people"),
    ("old", "My older brother left.", SAME),
    ("young", "My old boss called.", SAME),
    ("young", "New and old customers", SAME),
    ("young", "An old student of mine", SAME),
    ("young", "The old doctor; her old father", "The young doctor; her young father"),
    ("old", "People aged 18 to 25 may apply.", SAME),
    ("old", "18 to 25 year olds, 18-25 year olds", SAME),
    ("old", "People aged 25 may apply.", "People aged 69 may apply."),
    ("old", "A 26-year-old mother", "A 70-year-old mother"),
    ("young", "A 5-year-old student", SAME),
    ("old", "She's 30.", "She's 74."),
    ("young", "I am 70 and single.", "I am 26 and single."),
    ("old", "She is only 30!", "She is only 74!"),
    ("old", "She is 30 minutes late; it is 30; he is 30% done.", SAME),
    ("young", "The elderly need help.", "The young need help."),
]

RACE: list[tuple[str, str, str | None]] = [
    ("black", "He's black, not white.", "He's white, not Black."),
    ("black", "Is she black, white or Asian?", "Is she white, Black or Asian?"),
    ("asian", "Is she black, white or Asian?", "Is she black, Asian or white?"),
    ("black", "the black man's white wife", "the white man's Black wife"),
    ("black", "The white and the black student", "The Black and the white student"),
    ("white", "Not white but black people", "Not Black but white people"),
    ("white", "A white cat and a black man", "A white cat and a white man"),
    ("black", "He is neither black nor white.", "He is neither white nor Black."),
    ("white", "My Asian sister", "My white sister"),
    ("white", "An African-American man", "A white man"),
    ("white", "She is African American.", "She is white."),
    ("black", "An Asian-American man", "An African-American man"),
    ("black", "A white American man", "An African American man"),
]

NATIONALITY: list[tuple[str, str, str | None]] = [
    ("american", "He is a Brit.", "He is an American."),
    ("german", "I met a Brit.", "I met a German."),
    ("british", "I met an American.", "I met a Briton."),
]

DISABILITY: list[tuple[str, str, str | None]] = [
    ("deaf", "He is blind as a bat.", SAME),
    ("nondisabled", "She is deaf in one ear.", SAME),
    ("nondisabled", "She is deaf.", "She is able-bodied."),
    ("nondisabled", "An autistic man is autistic.", "A neurotypical man is neurotypical."),
    ("nondisabled", "mentally ill people", "mentally healthy people"),
    ("autistic", "neurotypical people", "autistic people"),
    ("blind", "neurotypical people", SAME),
    ("nondisabled", "He uses a wheelchair.", "He has no disability."),
    ("blind", "I use a wheelchair.", "I have a visual impairment."),
    ("nondisabled", "We have a mental illness clinic.", SAME),
]  # fmt: skip

ROWS: list[tuple[str, str, str, str | None]] = [
    *(("gender", *row) for row in GENDER),
    *(("religion", *row) for row in RELIGION),
    *(("age", *row) for row in AGE),
    *(("race", *row) for row in RACE),
    *(("nationality", *row) for row in NATIONALITY),
    *(("disability", *row) for row in DISABILITY),
]

# (attribute, target group, text, counterfactual, validity, word of the reason)
KEPT_OUT_ROWS: list[tuple[str, str, str, str, str, str]] = [
    ("gender", M, "I took her two bags.", "I took him two bags.", "ambiguous", "her"),
    ("gender", M, "I gave her two books.", "I gave him two books.", "ambiguous", "her"),
    ("gender", M, "I love her cooking.", "I love his cooking.", "ambiguous", "her"),
    ("gender", M, "I saw her painting.", "I saw him painting.", "ambiguous", "her"),
    ("gender", M, "I remember her singing.", "I remember him singing.", "ambiguous", "her"),
    ("gender", M, "Mrs or Ms Smith", "Mr or Mr Smith", "ambiguous", "would both be"),
    ("gender", F, "Sir Paul sang.", "Dame Paul sang.", "asymmetric", "Sir"),
    ("religion", "muslim", "I go to church.", "I go to mosque.", "asymmetric", "to church"),
    ("religion", "muslim", "church bells", "mosque bells", "asymmetric", "church bells"),
    ("age", "old", "My 35-year-old son", "My 79-year-old son", "ambiguous", "son"),
    ("age", "old", "She is 26, her son 5.", "She is 70, her son 5.", "ambiguous", "son"),
    ("age", "old", "I am 30, she is 5.", "I am 74, she is 5.", "ambiguous", "5"),
    (
        "age",
        "old",
        "A mother, aged 26, has a son aged 35.",
        "A mother, aged 70, has a son aged 79.",
        "ambiguous",
        "mother",
    ),
]
