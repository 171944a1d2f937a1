"""Microsoft Graph's calendars, decided by grants and application access policies."""
