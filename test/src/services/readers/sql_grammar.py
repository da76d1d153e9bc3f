"""Answers one JSON request per line, {"dialect", "sql"}, with what sqlfluff cannot parse of it."""
import json
import sys

import sqlfluff

for line in sys.stdin:
    try:
        request = json.loads(line)
        # What cannot be parsed is told whatever the rules; all of them would take minutes over long statements.
        found = sqlfluff.lint(request["sql"], dialect=request["dialect"], rules=["CP01"])
        wrong = [f"{v['start_line_no']}: {v['description']}" for v in found if v["code"] == "PRS"]
        print(json.dumps({"ok": wrong}), flush=True)
    except Exception as error:  # the test decides what an error means
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
