"""Exchange Online's administrative API: InvokeCommand and its cmdlets."""
