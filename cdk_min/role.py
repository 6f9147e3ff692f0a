"""A role whose permissions are part of its own resource."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct


class InlineRole(iam.Role):
    """A role with one inline policy. The grants of CDK's constructs would add a resource for each role."""

    def __init__(self, scope: Construct, name: str, *, principal: iam.IPrincipal, description: str) -> None:
        self._document = iam.PolicyDocument()
        super().__init__(
            scope,
            name,
            assumed_by=principal,
            description=description,
            inline_policies={"Permissions": self._document},
        )

    def allow(self, actions: list[str], *resources: str, conditions: Mapping[str, Any] | None = None) -> None:
        """Allow actions on resources, under the conditions if any."""
        self._document.add_statements(
            iam.PolicyStatement(actions=actions, resources=list(resources), conditions=conditions)
        )
