"""What it means to a person that the certificate of a host of Microsoft's is not accepted. Pure.

Owns the sentence. Accepts nothing: that is the HTTP libraries', by SSL_CERT_FILE where it is set.
"""

REFUSED = "CERTIFICATE_VERIFY_FAILED"
# OpenSSL's words, "X509_verify_cert_error_string".
_OUT_OF_TIME = {"certificate has expired": "has expired", "certificate is not yet valid": "is not valid yet"}


def not_trusted(host: str, said: str) -> str:
    """Return what is wrong with the certificate of `host`, by what the TLS library said, and what mends it."""
    for words, meaning in _OUT_OF_TIME.items():
        if words in said:
            return (
                f"the certificate of {host} {meaning}, by this machine's clock: compare it with the time elsewhere (date -u), and set "
                "it where it is wrong. Nothing was sent there"
            )
    return (
        f"the certificate of {host} is not trusted on this machine; if a proxy or a local tenant answers there, set SSL_CERT_FILE "
        "to its certificates"
    )
