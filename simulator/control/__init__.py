"""The control API: what a test or a person does to the tenant from outside Microsoft's interfaces."""
