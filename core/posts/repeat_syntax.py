"""The syntax of a written repeat rule. This module imports nothing, because the help of the command line names it."""

REPEAT_SYNTAX = (
    "daily, weekdays, mon,wed,..., every-2-weeks:mon,wed,..., monthly:15, monthly:last, monthly:2nd-tue,"
    " monthly:last-fri, yearly:12-24, or cron:'0 9 ? * 2 *'"
)
"""The forms of a rule, for a person."""
