"""The IP addresses of the public internet, to which an address from another person's text may lead."""

import ipaddress

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64, _LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48")
"""The IPv6 addresses of IPv4 hosts (RFC 6052), and those of a network of one's own (RFC 8215)."""


def parse_address(text: str) -> IpAddress:
    """Return the IP address in a result of `getaddrinfo`, without its zone."""
    return ipaddress.ip_address(text.partition("%")[0])


def is_public(address: IpAddress) -> bool:
    """Return whether an address is one of the public internet. One that embeds an IPv4 address counts as that."""
    if isinstance(address, ipaddress.IPv6Address):
        embedded = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if embedded is not None:
            return is_public(embedded)
        if address in _LOCAL_NAT64:
            return False
    return address.is_global and not address.is_multicast
