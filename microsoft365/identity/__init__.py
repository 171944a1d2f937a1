"""Who signs in, and how: one identity for the azuread provider, Microsoft Graph and Exchange.

The decision is pure and stands in `microsoft365/credentials.py`; what it decides between is in `methods.py`. Beside them:
what this machine can check before anything is asked (`certificates.py`, `command_line.py`), what proves the identity
(`proofs.py`, with `token_requests.py` and `managed_identity.py`), and what a refusal means (`refusals.py`).
"""
