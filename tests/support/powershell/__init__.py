"""A reader and a small interpreter of PowerShell, for the scripts that the project writes: parsed by tree-sitter's grammar."""
