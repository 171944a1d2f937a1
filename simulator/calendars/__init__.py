"""Microsoft Graph's calendars: who may touch them, and the people and rooms that fill them."""
