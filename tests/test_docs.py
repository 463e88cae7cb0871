"""The documents beside the labs: terms stand where the glossary sends the reader."""

import re

from labcore.house import checkout

TERM = re.compile(r'^\| <a id="([^"]+)"></a>\*\*(.+?)\*\* \| (.+) \| \[(\d\d)\]\(\.\./notebooks/(.+)\.ipynb\) \|$')


def glossary():
    lines = checkout("docs/glossary.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| <a")]
    matches = [TERM.match(row) for row in rows]
    assert rows
    assert all(matches), [row for row, match in zip(rows, matches, strict=True) if not match]
    return [match.groups() for match in matches]


def words(text):
    return " ".join(re.sub(r"^# ?", "", text, flags=re.MULTILINE).split()).casefold()


def test_the_lab_that_a_term_names_uses_it():
    for _, term, _, number, slug in glossary():
        assert slug.startswith(number)
        text = words(checkout(f"notebooks/{slug}.py").read_text(encoding="utf-8"))
        assert all(part.removesuffix("_1/2") in text for part in term.casefold().split(" and ")), (term, slug)


def test_terms_are_in_order_and_each_stands_once():
    terms = [re.sub("[^a-z0-9 ]", "", term.casefold()) for _, term, *_ in glossary()]
    assert terms == sorted(set(terms))
    anchors = [anchor for anchor, *_ in glossary()]
    assert len(anchors) == len(set(anchors))
