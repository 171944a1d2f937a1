"""Which tenant in which Microsoft cloud, and where its front doors are.

Owns the addresses of login, Microsoft Graph and Exchange Online for every cloud that the azuread provider names, and of the
portal that people open. Pure: no credentials (sign_in.py has them) and no network (the metadata document of another cloud is handed in).
"""

import ipaddress
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.alias_generators import to_camel

from microsoft365.validation import check_guid, check_host

Environment = Literal[
    "public", "global", "usgovernment", "usgovernmentl4", "usgovernmentl5", "dod", "china"
]  # as `azuread:environment` spells them


class Endpoints(NamedTuple):
    """Three base addresses without a trailing slash; Graph's and Exchange's are also what tokens are asked for."""

    login: str
    graph: str
    exchange: str


# Login and Graph: "Microsoft Graph national cloud deployments". Exchange: "Connect to Exchange Online PowerShell"
# (-ExchangeEnvironmentName and its hosts).
_PUBLIC = Endpoints("https://login.microsoftonline.com", "https://graph.microsoft.com", "https://outlook.office365.com")
_GCC_HIGH = Endpoints("https://login.microsoftonline.us", "https://graph.microsoft.us", "https://outlook.office365.us")
_DOD = Endpoints(
    "https://login.microsoftonline.us", "https://dod-graph.microsoft.us", "https://outlook-dod.office365.us"
)
_CHINA = Endpoints(
    "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn", "https://partner.outlook.cn"
)
CLOUDS: Mapping[str, Endpoints] = {
    "public": _PUBLIC,
    "global": _PUBLIC,
    "usgovernment": _GCC_HIGH,
    "usgovernmentl4": _GCC_HIGH,
    "usgovernmentl5": _DOD,
    "dod": _DOD,
    "china": _CHINA,
}
# The Microsoft Entra admin center of each cloud ("Frequently asked questions about Microsoft Entra ID", addresses to allow;
# https://learn.microsoft.com/entra/fundamentals/faq). The Department of Defense shares that of the US government.
PORTALS: Mapping[Endpoints, str] = {
    _PUBLIC: "https://entra.microsoft.com",
    _GCC_HIGH: "https://entra.microsoft.us",
    _DOD: "https://entra.microsoft.us",
    _CHINA: "https://entra.microsoftonline.cn",
}


class Connection(BaseModel):
    """A tenant and the way to it. JSON: `{"tenantId", "environment", "metadataHost", "exchangeHost"}`.

    Both hosts are `host` or `host:port` without a scheme, and https is meant; `None` means "by environment".
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    tenant_id: str
    environment: Environment = "public"
    metadata_host: str | None = None
    exchange_host: str | None = None

    @field_validator("tenant_id")
    @classmethod
    def _tenant_is_an_id(cls, value: str) -> str:
        return check_guid(value, what="a tenant id", where="the Overview page of Microsoft Entra")

    @field_validator("metadata_host", "exchange_host")
    @classmethod
    def _host_has_no_scheme(cls, value: str | None) -> str | None:
        return None if value is None else check_host(value)

    def endpoints(self, metadata: Mapping[str, Any] | None = None) -> Endpoints:
        """Return the three base addresses.

        `metadata` is the parsed answer of `metadata_address()` and needed exactly when that is not None.

        Raises ValueError when the document lacks what is needed, or when a metadata host is given without an Exchange
        host: Microsoft's metadata document does not name Exchange, and guessing could send a change to another tenant.
        """
        cloud = CLOUDS[self.environment]
        if self.metadata_host is None:
            return cloud._replace(exchange=f"https://{self.exchange_host}") if self.exchange_host else cloud
        if self.exchange_host is None:
            raise ValueError(
                f"the metadata host {self.metadata_host} says where sign-in and Microsoft Graph are, but not where "
                "Exchange is; set it with: pulumi config set --path roomz:endpoints.exchange HOST"
            )
        if metadata is None:
            raise ValueError(f"the metadata document of {self.metadata_host} has not been read")
        authentication = metadata.get("authentication")
        login = authentication.get("loginEndpoint") if isinstance(authentication, Mapping) else None
        graph = metadata.get("microsoftGraphResourceId")
        if not isinstance(login, str) or not isinstance(graph, str) or not login or not graph:
            raise ValueError(
                f"the metadata document of {self.metadata_host} has no authentication.loginEndpoint or no "
                "microsoftGraphResourceId; check azuread:metadataHost"
            )
        return Endpoints(login.rstrip("/"), graph.rstrip("/"), f"https://{self.exchange_host}")

    def metadata_address(self) -> str | None:
        """Return where the metadata document is, as the azuread provider asks for it; None without a metadata host."""
        if self.metadata_host is None:
            return None
        return f"https://{self.metadata_host}/metadata/endpoints?api-version=2022-09-01"

    @property
    def portal(self) -> str | None:
        """The Microsoft Entra admin center; None where a metadata host names a cloud whose portal nobody knows here."""
        return None if self.metadata_host is not None else PORTALS[CLOUDS[self.environment]]

    @property
    def exchange_is_loopback(self) -> bool:
        """True when Exchange is this very machine, so a simulated tenant: only there may a removal be immediate."""
        if self.exchange_host is None:
            return False
        host = self.exchange_host
        name = host[1 : host.index("]")] if host.startswith("[") else host.partition(":")[0]
        if name.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False
