"""What the commands print: tables for people, plain objects for programs, from the same rows."""

from labcore.report.book import claims_table, consistency_summary, consistency_table
from labcore.report.chips import LEAST_SPECS, default_precision, facts_table, specs_object, specs_table
from labcore.report.feasibility import asked, feasibility_object, feasibility_summary, feasibility_table
from labcore.report.measured import measured_tables, placed_table, roofs_table
from labcore.report.networks import LEAST_ROOFLINE, roofline_object, roofline_rows, roofline_summary, roofline_table

__all__ = [
    "LEAST_ROOFLINE", "LEAST_SPECS", "asked", "claims_table", "consistency_summary", "consistency_table",
    "default_precision", "facts_table", "feasibility_object", "feasibility_summary",
    "feasibility_table", "measured_tables", "placed_table", "roofline_object",
    "roofline_rows", "roofline_summary", "roofline_table", "roofs_table", "specs_object", "specs_table",
]  # fmt: skip
