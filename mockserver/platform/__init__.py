"""The platform's own tasks by task type. Submitting and polling are the runtime's."""

from collections.abc import Mapping
from types import MappingProxyType

from mockserver.platform.account import charge, lacking, manage_account, refund
from mockserver.platform.addresses import refuse_addresses
from mockserver.platform.authentication import authenticate
from mockserver.platform.base import Caller, Desk, Held, Keyring, Media, PlatformTask, Session
from mockserver.platform.media import store_media, upload_image
from mockserver.platform.models import search_models
from mockserver.platform.pictures import Given, Missing, given_pictures, take_pictures
from mockserver.platform.ping import ping

PLATFORM_TASKS: Mapping[str, PlatformTask] = MappingProxyType(
    {
        "accountManagement": manage_account,
        "authentication": authenticate,
        "imageUpload": upload_image,
        "mediaStorage": store_media,
        "modelSearch": search_models,
        "ping": ping,
    }
)

__all__ = [
    "PLATFORM_TASKS",
    "Caller",
    "Desk",
    "Given",
    "Held",
    "Keyring",
    "Media",
    "Missing",
    "PlatformTask",
    "Session",
    "charge",
    "given_pictures",
    "lacking",
    "refund",
    "refuse_addresses",
    "take_pictures",
]
