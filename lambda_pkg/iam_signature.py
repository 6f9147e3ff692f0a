"""Signatures of AWS (SigV4) for a function URL with the auth type AWS_IAM."""

from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

from lambda_pkg.address import Address, parse_address
from lambda_pkg.signature import CannotSign


class NoAwsCredentials(CannotSign):
    """The function has no AWS credentials, so it cannot call a function URL behind AWS_IAM."""

    def __init__(self) -> None:
        super().__init__("The relay has no AWS credentials to sign with. Deploy the stack again, with its roles.")


class IamSigner:
    """Signs the requests to one server. AWS then passes only requests of roles that may call the function."""

    def __init__(self, url: str, region: str) -> None:
        """`url` is any address of the server, which is in `region`."""
        self._server = parse_address(url)
        self._region = region
        self._provider = Session().get_component("credential_provider")

    def __call__(self, address: Address, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """Return the headers to add to a POST: none for another server. Raises NoAwsCredentials.

        Reads the credentials each time, because AWS changes them while the function lives.
        """
        if not address.has_server_of(self._server):
            return {}
        credentials = self._provider.load_credentials()
        if credentials is None:
            raise NoAwsCredentials
        url = f"{'https' if address.secure else 'http'}://{address.authority}{address.target}"
        request = AWSRequest("POST", url, headers=dict(headers), data=body)
        SigV4Auth(credentials.get_frozen_credentials(), "lambda", self._region).add_auth(request)
        return {name: value for name, value in request.headers.items() if name not in headers}
