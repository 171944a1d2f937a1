"""Sign-in: the Microsoft identity platform's token endpoint and discovery documents."""
