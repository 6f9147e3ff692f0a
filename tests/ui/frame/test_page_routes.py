"""Compose opens at an address of its own, too."""

import asyncio

import pytest
from starlette.applications import Starlette

from ui.frame.page_routes import page_routes


@pytest.mark.parametrize(("query", "address"), [("", "./"), ("draft=k3v9&x=%0a", "./?draft=k3v9&x=%0a")])
def test_the_address_of_compose_leads_to_the_first_page_with_the_same_draft(query, address):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/compose", "headers": [], "query_string": query.encode()}
    asyncio.run(Starlette(routes=page_routes())(scope, None, send))
    assert sent[0]["status"] == 307
    assert dict(sent[0]["headers"])[b"location"] == address.encode()
