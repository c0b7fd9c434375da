"""List the behaviours: ``python -m tests.conformance`` (``--markdown`` for the README's table)."""

from __future__ import annotations

import sys

from tests.conformance.registry import load


def main() -> None:
    behaviours = sorted(load().values(), key=lambda b: b.id)
    for one in behaviours:
        print(f"| `{one.id}` | {one.name} |" if "--markdown" in sys.argv else f"{one.id:42} {one.name}")
    if "--markdown" not in sys.argv:
        print(f"{len(behaviours)} behaviours; python tests/conformance/switch_off.py switches each of them off")


main()
