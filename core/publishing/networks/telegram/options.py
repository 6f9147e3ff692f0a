"""The options of a post on Telegram."""

from core.publishing.options import Option, SwitchOption

OPTIONS: tuple[Option, ...] = (
    SwitchOption(name="silent", label="Silent", help="Members get the message without a sound"),
)
