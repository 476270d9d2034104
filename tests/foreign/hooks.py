"""Lets each session of Schemathesis come from an address of its own.

Whoever shows wrong tokens is slowed down, by address, and answered 429. Schemathesis shows two for every method, each over a
session of its own, and wants to see 401.
"""

import itertools
import sys

from requests.adapters import HTTPAdapter

# All of 127/8 leads to this machine; other systems than Linux take only 127.0.0.1 for granted.
ADDRESSES = (f"127.{a}.{b}.{c}" for a, b, c in itertools.product(range(1, 255), range(256), range(1, 255)))

make_pool = HTTPAdapter.init_poolmanager


def make_pool_with_address(self, *arguments, **options):
    options.setdefault("source_address", (next(ADDRESSES), 0))
    make_pool(self, *arguments, **options)


if sys.platform == "linux":
    HTTPAdapter.init_poolmanager = make_pool_with_address
