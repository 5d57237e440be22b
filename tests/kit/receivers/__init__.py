"""Receivers of webhooks and uploads: sound ones, and others with one mistake each."""

from tests.kit.receivers.uploads import BAD_UPLOADS
from tests.kit.receivers.webhooks import BAD_WEBHOOKS

#: Every receiver with a mistake.
BAD = (*BAD_WEBHOOKS, *BAD_UPLOADS)
