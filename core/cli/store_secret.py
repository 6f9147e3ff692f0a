"""`python -m core store-secret`: gives the home's signing secrets to the functions of the deployment on AWS."""

import argparse
import json
from typing import TextIO

import boto3

from core.aws_errors import AccessDenied, translate_aws_errors
from core.backends.aws import QUICK_CONFIG, configured_members
from core.backends.deployment import find_deployment
from core.backends.stored_secret import store_secrets
from core.errors import PunctualError
from core.settings import Settings
from core.storage.home import Home, is_signing_secret
from core.time.phrases import plural


class NoSecretParameter(PunctualError):
    """The deployment does not say where its functions read the signing secret."""

    hint = "Deploy the stack of this version (make deploy), or set PUNCTUAL_SIGNING_SECRET_PARAMETER."

    def __init__(self) -> None:
        super().__init__("The deployment names no parameter for the signing secret.")


class UnusableSecret(PunctualError):
    """The file of the home holds something else than signing secrets."""

    def __init__(self, home: Home) -> None:
        super().__init__(f"The signing secret in {home.path} is not valid: no request can be signed with it.")
        self.hint = "Delete the file signing-secret there for a new one, or set PUNCTUAL_SIGNING_SECRET."


class MayNotStore(PunctualError):
    """The AWS identity may not write the parameter."""

    hint = (
        "Run the command with the credentials of the person who deploys: it needs ssm:PutParameter and"
        " ssm:DescribeParameters."
    )


def store_secret(options: argparse.Namespace, out: TextIO) -> None:
    """Store the signing secrets of the home in the parameter of the deployment, and print its name, not the secrets.

    Raises NoSecretParameter, UnusableSecret, MayNotStore, and the errors of Settings, Home and `find_deployment`.
    """
    settings = Settings.read()
    with translate_aws_errors():
        session = boto3.Session()
        deployment = find_deployment(
            configured_members(settings),
            settings.stack,
            lambda: session.client("cloudformation", config=QUICK_CONFIG),
        )
        ssm = session.client("ssm", region_name=deployment.region, config=QUICK_CONFIG)
    name = deployment.signing_secret_parameter
    if name is None:
        raise NoSecretParameter
    home = Home(settings.home)
    secrets = home.signing_secrets(settings.signing_secret)
    if not all(map(is_signing_secret, secrets)):
        raise UnusableSecret(home)
    try:
        replaced = store_secrets(ssm, name, secrets)
    except AccessDenied as error:
        raise MayNotStore(str(error)) from error
    if options.json:
        print(json.dumps({"parameter": name, "region": deployment.region, "secrets": len(secrets)}), file=out)
        return
    print(f"Stored {plural(len(secrets), 'signing secret')} as {name} in {deployment.region}.", file=out)
    if replaced:
        print(
            "It replaced the secret of another home. That home's posting server now refuses the posts: if it is to"
            " receive them, run this command there.",
            file=out,
        )
    print("The deployed functions use it within five minutes.", file=out)
    print(
        "Another home or server that receives the posts needs the same secret: copy the file"
        f" {home.path / 'signing-secret'} into its home, or set PUNCTUAL_SIGNING_SECRET there.",
        file=out,
    )
