"""Microsoft Graph: applications, service principals, grants and deleted items."""
