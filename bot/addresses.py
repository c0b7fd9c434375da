"""Which network addresses are public: pure, and stricter than Python's own list."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Python 3.11 calls some of these global; the list was made by experiment (docs: SSRF by experiment).
_V4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_V6_GLOBAL = IPv6Network("2000::/3")  # everything else in IPv6 is special: loopback, local, multicast, ...
_V6 = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")


def is_public(address: str) -> bool:
    """Say whether a literal IP address lies in the public internet; False for anything that is no address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _public_v4(found) if isinstance(found, IPv4Address) else _public_v6(found)


def is_loopback(address: str) -> bool:
    """Say whether a literal IP address is this machine itself."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def is_link_local(address: str) -> bool:
    """Say whether a literal IP address, or the IPv4 one inside of it, is meant for the next cable only."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inside(found) if isinstance(found, IPv6Address) else found
    return found.is_link_local or (inner is not None and inner.is_link_local)


def _inside(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a mapped, NAT64 or 6to4 address carries."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def is_literal(host: str) -> bool:
    """Say whether a host is an IP address and not a name."""
    try:
        ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


def _public_v4(address: IPv4Address) -> bool:
    return not any(address in net for net in _V4)


def _public_v6(address: IPv6Address) -> bool:
    inner = address.ipv4_mapped
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return _public_v4(inner)
    if address in _SIX_TO_FOUR:
        return _public_v4(IPv4Address((int(address) >> 80) & 0xFFFFFFFF))
    # Teredo (2001::/32) hides an IPv4 address too; its whole block is refused.
    return address in _V6_GLOBAL and not any(address in net for net in _V6)
