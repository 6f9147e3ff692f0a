"""The remedy that the checks of the deployed resources share."""

DEPLOY = "Deploy the stack again, with --revert-drift (cdk_min/README.md)."
"""Without the option a deployment compares templates only, and keeps changes and deletions made by hand."""
