"""Answers one JSON request per line, an IAM policy, with what parliament finds in it."""
import json
import sys
import warnings

warnings.filterwarnings("ignore")
from parliament import analyze_policy_string  # noqa: E402

for line in sys.stdin:
    try:
        policy = analyze_policy_string(line, include_community_auditors=True)
        found = [f"{finding.issue}: {finding.detail}" for finding in policy.findings]
        print(json.dumps({"ok": found}), flush=True)
    except Exception as error:  # the test decides what an error means
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
