"""The chapter's pages as entered by hand, lab by lab, and what the tests of the ledger ask of all of them."""

from tests import (
    page_codesign,
    page_compiler,
    page_consistency,
    page_dataflow,
    page_essay,
    page_fallacies,
    page_fundamentals,
    page_fusion,
    page_layout,
    page_mapping,
    page_memory,
    page_multichip,
    page_primitives,
    page_roofline,
    page_runtime,
    page_soc,
    page_specialization,
    page_sustainability,
    page_tiling,
    page_transfers,
)

PAGES = (page_fundamentals, page_specialization, page_primitives, page_memory, page_transfers, page_roofline,
         page_mapping, page_dataflow, page_layout, page_fusion, page_tiling,
         page_compiler, page_runtime, page_multichip, page_soc, page_sustainability, page_fallacies,
         page_consistency, page_essay, page_codesign)  # fmt: skip


def every(name):
    """The entries called `name` of all pages, as one set, table or list."""
    parts = [getattr(page, name) for page in PAGES]
    if isinstance(parts[0], dict):
        return {key: value for part in parts for key, value in part.items()}
    if isinstance(parts[0], list):
        return [entry for part in parts for entry in part]
    return set().union(*parts)
