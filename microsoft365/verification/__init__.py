"""Is a finished connector as it must be? Asked with ROOMZ's own identity and, where there is one, an administrator's.

`verify.py` is the one function to call. What is read is in `as_roomz.py`, `writing.py` and `as_administrator.py`; what
it means is decided by pure functions (`judging_*.py`) that choose from the symptoms of `symptoms_*.py`. Nothing here
changes a setting of the tenant; the events that are written where that is asked for are taken away again.
"""
