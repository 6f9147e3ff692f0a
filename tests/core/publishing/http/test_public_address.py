"""Which IP addresses belong to the public internet."""

import pytest

from core.publishing.http.public_address import is_public, parse_address


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
        ),
        *(
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b:1::1",
            "ff02::1",
            "fe80::1%eth0",
        ),
        *("fe80::1%eth0", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a00:1::1"),
    ],
)
def test_addresses_of_this_machine_and_of_private_networks_are_not_public(address):
    assert not is_public(parse_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_other_addresses_are(address):
    assert is_public(parse_address(address))
