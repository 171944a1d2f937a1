"""The few Microsoft Graph calls that observation and removal need; nothing here creates or grants anything."""
