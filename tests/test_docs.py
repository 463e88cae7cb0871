"""The documents beside the labs: terms stand where the glossary sends the reader, works are used."""

import re
import tomllib
import unicodedata

import pytest
import yaml

from labcore.book import cells
from labcore.claims.ledger import LEDGER, load
from labcore.house import checkout
from labcore.report.references import Work, cited, modules, page, read, works

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
        text = words(checkout(f"notebooks/{slug}.py").read_text(encoding="utf-8")).replace("n_{1/2}", "n_1/2")
        assert all(part in text for part in term.casefold().split(" and ")), (term, slug)


def test_terms_are_in_order_and_each_stands_once():
    terms = [re.sub("[^a-z0-9 ]", "", term.casefold()) for _, term, *_ in glossary()]
    assert terms == sorted(set(terms))
    anchors = [anchor for anchor, *_ in glossary()]
    assert len(anchors) == len(set(anchors))


# The bibliography.

ONE = "@misc{kay1989,\n  author = {Kay, A.},\n  title = {T},\n  year = {1989},\n}\n"
DOI = re.compile(r"10\.\d{4,5}/[^\s{}]*[A-Za-z0-9]")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ONE + ONE, "line 6: kay1989 is there already; call the second of a year kay1989b"),
        ("kay\n", "line 1: want an entry such as '@article{amdahl1967,', got 'kay'"),
        (ONE.replace("year", "  year"), "line 4: in kay1989 want '  name = {value},' or '}', got '    year = {1989},'"),
        (ONE.replace("title", "author"), "line 3: kay1989 has two fields author; keep one"),
        (ONE.replace("title", "booktitle"), "line 1: kay1989 has no title; each work needs them"),
        (ONE[:-2], "kay1989 does not end; close it with a line '}'"),
    ],
)
def test_a_bib_out_of_form_is_refused_with_its_line_and_entry(text, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        read(text)


def test_a_key_is_first_author_and_year_and_the_works_stand_in_its_order():
    assert list(works()) == sorted(works())
    for key, work in works().items():
        plain = unicodedata.normalize("NFD", work.names[0]).encode("ascii", "ignore").decode().casefold()
        first = {"riscvinternational": "riscv", "deepseekai": "deepseek"}.get(name := re.sub("[^a-z]", "", plain), name)
        assert re.fullmatch(first + work.fields["year"] + "[ab]?", key), key
        assert not re.search(r"\b(19|20)\d\d [ab]\b", work.label)


def test_numbers_of_works_are_well_formed_and_belong_to_one():
    for name, form in {"doi": DOI, "eprint": re.compile(r"\d{4}\.\d{4,5}"), "year": re.compile(r"(19|20)\d\d")}.items():
        values = [work.fields[name] for work in works().values() if name in work.fields]
        assert all(form.fullmatch(value) for value in values), name
        assert name == "year" or len(values) == len(set(values))
    for key, work in works().items():
        pages = [int(number) for number in re.findall(r"\d+(?=--|$)", work.fields.get("pages", ""))]
        assert pages == sorted(pages), key


def test_every_work_is_linked_by_a_lab_or_named_by_a_module_or_behind_a_claim():
    linked, texts = cited(cells()), modules()
    idle = [
        key
        for key, work in works().items()
        if not (linked[key] or work.claims or any(work.named_in(text) for text in texts.values()))
    ]
    assert idle == []


def test_claims_of_a_work_exist_and_those_whose_fact_it_gives_are_there():
    load()
    assert [id for work in works().values() for id in work.claims if id not in LEDGER] == []
    facts = {id: one.function() for id, one in LEDGER.items() if one.kind == "cites"}
    for key, work in works().items():
        found = {id for id, fact in facts.items() if work.gave(fact.source.url)}
        assert found <= set(work.claims), key


def test_a_link_to_no_work_is_refused_with_its_lab():
    with pytest.raises(ValueError, match=r"lab 17_multichip cites young1947, which .* has not; correct the link"):
        cited({"17_multichip#x": "[Young (1947)](../docs/references.md#young1947)"})


def test_a_work_is_named_by_its_first_author_and_the_year_that_follows():
    young = Work("young1974", {"author": "Young, John W.", "year": "1974", "doi": "10.1145/361147.361115"})
    assert young.named_in("Young's\nrule (CACM 17(9), 1974)")
    assert young.named_in("see https://doi.org/10.1145/361147.361115")
    assert not young.named_in("Daly and Young, 1974")
    assert not young.named_in("Young (1973), and Daly in 1974")


def test_the_page_sets_each_work_once_with_its_links():
    text = page({"17_multichip#x": "[Young (1974)](../docs/references.md#young1974)"})
    assert re.findall(r'<a id="(\w+)"></a>', text) == sorted(
        works(), key=lambda key: (works()[key].label.casefold(), key)
    )
    entry = next(one for one in text.split("\n- ") if "young1974" in one)
    assert "17(9), 530-531, [doi:10.1145/361147.361115](https://doi.org/10.1145/361147.361115).<br>" in entry
    assert "Labs: [17](../notebooks/17_multichip.ipynb)." in entry
    assert "Named in: [interconnect/failures.py](../labcore/interconnect/failures.py)." in entry


def test_the_citation_names_the_version_and_the_licences():
    project = tomllib.loads(checkout("pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load(checkout("CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "abstract", "authors", "keywords"} <= set(citation)
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"].split(" AND ")[0]  # a list would mean that one may choose
    assert all(name in citation["abstract"] for name in project["license"].split(" AND "))
