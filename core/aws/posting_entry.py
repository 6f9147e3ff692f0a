"""What Lambda loads as the posting server: all of it is made while the function starts, when its processor is fast."""

import os

from core.aws.posting_function import posting_function
from core.moments import real_clock

handle = posting_function(os.environ, real_clock)
