"""Webhooks in the world: made, changed and gone with their channel."""

from __future__ import annotations

import secrets

from sandbox.errors import ApiError
from sandbox.model import Channel, Webhook
from sandbox.world_base import Event
from sandbox.world_threads import WorldThreads


class WorldWebhooks(WorldThreads):
    """The world with the webhooks of its channels."""

    def __init__(self) -> None:
        super().__init__()
        self.webhooks: dict[int, Webhook] = {}

    def get_webhook(self, webhook_id: int) -> Webhook:
        """Find a webhook or refuse as Discord does."""
        found = self.webhooks.get(webhook_id)
        if found is None:
            raise ApiError(10015)
        return found

    def channel_webhooks(self, channel_id: int) -> list[Webhook]:
        """Return a channel's webhooks."""
        return [w for w in self.webhooks.values() if w.channel_id == channel_id]

    def add_webhook(self, channel: Channel, name: str, user_id: int) -> Webhook:
        """Make a webhook in a guild's channel."""
        webhook = Webhook(self.ids.next(), secrets.token_urlsafe(48), name, channel.id, channel.guild_id or 0, user_id)
        self.webhooks[webhook.id] = webhook
        self.webhooks_changed(webhook)
        return webhook

    def webhooks_changed(self, webhook: Webhook) -> None:
        """Tell everyone that a channel's webhooks are not what they were."""
        data = {"guild_id": str(webhook.guild_id), "channel_id": str(webhook.channel_id)}
        self.emit(Event("WEBHOOKS_UPDATE", data, webhook.guild_id, webhook.channel_id))

    def delete_webhook(self, webhook: Webhook) -> None:
        """Remove a webhook; what it wrote stays."""
        del self.webhooks[webhook.id]
        self.webhooks_changed(webhook)

    def drop_webhooks(self, channel_id: int) -> None:
        """Forget the webhooks of a channel that is gone."""
        for webhook in self.channel_webhooks(channel_id):
            del self.webhooks[webhook.id]
