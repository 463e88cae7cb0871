"""Under `pytest --nbval` each lab runs once and is held twice: by nbval cell by cell, then whole against its source.

A build of its own for the second would run every cell again, in the same kind of kernel, and show nothing more.
"""

import contextlib
import os
from unittest import mock

import pytest
from labcore import book
from nbval.plugin import IPyNbFile


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    found = yield
    built = file_path.with_suffix(".py").exists()
    return [
        LabFile.from_parent(parent, path=file_path)
        if built and type(one) is IPyNbFile
        else one
        for one in found
    ]


class LabFile(IPyNbFile):
    """A built lab: nbval's cells, and one test more."""

    def setup(self):
        """Start the kernel with none of the user's configuration, as a build does; texts hash as they like."""
        self.private = contextlib.ExitStack()
        env = self.private.enter_context(book.private_jupyter()) | {
            "PYTHONHASHSEED": "random"
        }
        with mock.patch.dict(os.environ, env):
            super().setup()

    def teardown(self):
        super().teardown()
        self.private.close()

    def collect(self):
        cells = list(super().collect())
        return [*cells, AsBuilt.from_parent(self, name="as built", cells=cells)]


class AsBuilt(pytest.Item):
    """Whether source and outputs, those that nbval has just seen, make the stored notebook: words, pictures, ids."""

    def __init__(self, *, cells, **options):
        super().__init__(**options)
        self.cells = cells

    def runtest(self):
        if left_out := [cell.name for cell in self.cells if cell.test_outputs is None]:
            raise book.BookError(
                f"{', '.join(left_out)} did not run; let pytest run the whole of {self.path.name}"
            )
        lab = book.Lab(self.path.with_suffix(".py"))
        if stale := book.differences(
            self.path.read_text(encoding="utf-8"), book.build(lab, self.replay)
        ):
            raise book.BookError(
                f"{self.path.name}: {'; '.join(stale)}; run `labcore build {lab.number}`"
            )

    def replay(self, notebook, source):
        """Put into the source's cells what nbval saw these put out."""
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        if [cell.source for cell in code] != [cell.cell.source for cell in self.cells]:
            raise book.BookError(
                f"{self.path.name}: its cells are not those of {source.name}; run `labcore build`"
            )
        for cell, ran in zip(code, self.cells, strict=True):
            cell.outputs = ran.test_outputs

    def repr_failure(self, excinfo):
        return (
            str(excinfo.value)
            if isinstance(excinfo.value, book.BookError)
            else super().repr_failure(excinfo)
        )

    def reportinfo(self):
        return self.path, 0, f"{self.path.name}::{self.name}"
