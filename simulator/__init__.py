"""A Microsoft 365 tenant on loopback, written from Microsoft's documents and from public captures.

It owns everything below this folder and imports nothing of the product; only scripts/local_tenant.py and tests import it.
"""
