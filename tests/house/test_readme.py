#!/usr/bin/env python3
"""What README.md shows of the examples is in them, to the letter."""
import pathlib
import re
import sys

top = pathlib.Path(__file__).resolve().parents[2]
shown = re.findall(r"<!-- (\S+) -->\n```\w+\n(.*?)```", (top / "README.md").read_text(), re.S)
examples = {f"examples/{path.name}" for path in (top / "examples").glob("*.c")}

wrong = [f"README.md shows something that is not in {name}" for name, code in shown if code not in (top / name).read_text()]
wrong += [f"README.md does not show {name}" for name in sorted(examples - {name for name, _ in shown})]
print("\n".join(wrong) or f"README.md shows {len(shown)} examples as they are.")
sys.exit(bool(wrong))
