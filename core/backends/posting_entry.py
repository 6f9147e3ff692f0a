"""What Lambda loads as the posting server: all of it is made while the function starts, when its processor is fast."""

import os

from core.backends.posting_function import posting_function
from core.time.instants import real_clock

handle = posting_function(os.environ, real_clock)
