"""The exposure meter: when, and for how long, an application could read a calendar that it should not."""
