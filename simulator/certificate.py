"""The certificate of the HTTPS port, for 127.0.0.1 and localhost: made once and kept in the state folder."""

import os
import ssl
from pathlib import Path

import trustme


def prepare(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the bundle that clients trust and the server's TLS context.

    The authority's own key is thrown away as soon as the one certificate is signed.
    """
    bundle, server = folder / "certificate.pem", folder / "server.pem"
    if not (bundle.exists() and server.exists()):
        authority = trustme.CA(organization_name="Local Microsoft 365 tenant")
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        descriptor = os.open(server, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(certificate.private_key_and_cert_chain_pem.bytes())
        authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(server)
    return bundle, context
