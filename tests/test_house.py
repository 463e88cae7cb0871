"""Where things lie, and files that are never half written."""

import pytest

from labcore import house


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    target = tmp_path / "a.csv"
    house.write_atomically(target, b"old")
    with pytest.raises(TypeError):
        house.write_atomically(target, None)
    assert target.read_bytes() == b"old"
    house.write_atomically(target, "new\n")
    assert target.read_bytes() == b"new\n"
    assert list(tmp_path.iterdir()) == [target]  # no part is left behind


def test_what_was_there_survives_a_write_that_fails(tmp_path, monkeypatch):
    target = tmp_path / "a.json"
    house.write_atomically(target, "old")
    monkeypatch.setattr(house.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        house.write_atomically(target, "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert target.read_text() == "old"


def test_without_a_checkout_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(house, "ROOT", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"holds no notebooks; install labcore from a clone with: pip install"):
        house.checkout("figures")


def test_my_folder_is_made_inside_the_checkout_and_nowhere_else(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(house, "ROOT", tmp_path)
    assert house.my_folder() == tmp_path / "my"
    assert house.my_folder().is_dir()
