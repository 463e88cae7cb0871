"""Special-function units: tables with interpolation, fixed-iteration roots, reduction trees; accuracy and cycles."""
