"""The one thread that takes strangers' pages apart, so that nothing else waits in a queue behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# One: a page holds the interpreter while it is walked, and two would slow down the loop twice.
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="page")


async def in_page_thread(function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Return what the function gives, called after all pages that wait already; its errors pass through."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, partial(function, *args, **named))
