"""The entry module of the posting function. It builds all objects and connects on import, while Lambda is fast."""

import os

from core.backends.posting_function import build_posting_function
from core.time.instants import real_clock

handle = build_posting_function(os.environ, real_clock)
handle.connect()
