"""Imported for its effect by whatever starts a process that reads notebooks: nbformat then comes in 0.3 s, not 2.3 s.

nbformat validates with jsonschema, and jsonschema builds 38 grammars of international web addresses as it is imported,
where JupyterLab has brought rfc3987_syntax along. No notebook holds such an address, and jsonschema does without them.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
