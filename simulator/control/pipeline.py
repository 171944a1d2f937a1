"""The pretend pipeline's addresses: a job's token, and the OpenID Connect documents of who issues it.

Owns requests and answers.  Refuses to own the issuer (simulator/pipeline.py) and what its tokens are worth (login/).
"""

from typing import Any

from starlette.requests import Request

from simulator import pipeline
from simulator.control.handlers import ControlError
from simulator.kernel import Simulator


def token(simulator: Simulator, request: Request, _body: bytes) -> dict[str, Any]:
    """Answer a job's token as GitHub Actions does, valid by the first tenant's clock."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not bearer.strip():
        raise ControlError(401, "A job's token is given for its request token: send any bearer in Authorization.")
    subject = request.query_params.get("subject", pipeline.SUBJECT)
    audience = request.query_params.get("audience", pipeline.DEFAULT_AUDIENCE)
    return {"value": simulator.pipeline.token(subject, audience, simulator.store.first.now())}


def configuration(_simulator: Simulator, request: Request, _body: bytes) -> dict[str, Any]:
    """Answer the pipeline's OpenID Connect document."""
    return {
        "issuer": pipeline.ISSUER,
        "jwks_uri": f"{request.base_url}pipeline/.well-known/jwks",
        "subject_types_supported": ["public"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
    }


def keys(simulator: Simulator, _request: Request, _body: bytes) -> dict[str, Any]:
    """Answer the pipeline's key document."""
    return simulator.pipeline.keys()
