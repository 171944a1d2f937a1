"""Everything that talks to Microsoft; knows nothing of Pulumi."""
