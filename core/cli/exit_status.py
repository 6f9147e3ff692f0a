"""The exit statuses of commands. Wrong usage exits with 2, by argparse."""

DONE = 0
FAILED = 1
"""The command was refused or failed, and its error is on stderr."""
POSTS_WAIT = 1
"""`status` found posts that wait for a person."""
INCOMPLETE = 3
"""A change is in the ledger and not yet in the scheduler, or a row of a table was not scheduled and is not there."""
INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""
