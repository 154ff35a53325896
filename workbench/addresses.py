"""Where the app may send to: an address is resolved, then judged, then connected to as judged.

Whoever may add a webhook must not reach through it what only this machine can reach: the metadata
service of a cloud, a router, a database beside it.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from models.errors import WorkbenchError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST_URL = 2000
NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local, and the metadata service of most clouds
        "fe80::/10",
        "fd00:ec2::254/128",  # Amazon's metadata service over IPv6
        "100.100.100.200/32",  # Alibaba's
        "192.0.0.192/32",  # Oracle's
    )
)
INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8",
        "::1/128",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "fc00::/7",
    )
)
"""This machine and private networks: allowed where the one who runs the app says so."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotAllowedAddress(WorkbenchError):
    """The app does not send there."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be sent to, and the address that its name stands for now."""

    url: str
    host: str
    address: str


def target(url: str, inside: bool) -> Target:
    """A URL checked. `inside` allows this machine and private networks.

    Raises `NotAllowedAddress`; a name of which any address is refused is refused.
    """
    host, port = _host(url)
    try:
        found = {
            str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        }
    except (OSError, UnicodeError) as error:
        raise NotAllowedAddress(f"The name {host} is not known.", "Check the URL.") from error
    addresses = sorted(found)
    for address in addresses:
        _require_allowed(ipaddress.ip_address(address.partition("%")[0]), host, inside)
    return Target(url, host, addresses[0])


def _host(url: str) -> tuple[str, int]:
    if len(url) > LONGEST_URL or any(ord(character) <= 32 for character in url):
        raise NotAllowedAddress("This is not a URL.", "Give one such as https://host/path.")
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise NotAllowedAddress(f"This is not a URL: {error}.", "Check it.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NotAllowedAddress("Only http:// and https:// URLs are sent to.", "Check the URL.")
    if parts.username or parts.password:
        raise NotAllowedAddress(
            "A URL with a password in it would be stored in the clear.",
            "Leave it out: the receiver knows us by the signature.",
        )
    return parts.hostname, port


def _require_allowed(address: Address, host: str, inside: bool) -> None:
    real = _unwrapped(address)
    if any(real in network for network in NEVER) or real.is_multicast or real.is_unspecified:
        raise NotAllowedAddress(f"{host} ({real}) is never sent to.", "Give another URL.")
    if any(real in network for network in INSIDE):
        if not inside:
            raise NotAllowedAddress(
                f"{host} ({real}) is on this machine or a private network.",
                "Whoever runs the app can allow that with WORKBENCH_HOOKS_PRIVATE=1.",
            )
        return
    if not real.is_global:
        raise NotAllowedAddress(f"{host} ({real}) is no public address.", "Give another URL.")


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where it stands for one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
