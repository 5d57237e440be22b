"""What can be made to go wrong: one fault a file, listed by name. README.md beside this file describes each."""

from types import MappingProxyType

from mockserver.faults.add_unknown_fields import AddUnknownFields
from mockserver.faults.answer_500 import Answer500
from mockserver.faults.answer_502 import Answer502
from mockserver.faults.answer_503 import Answer503
from mockserver.faults.answer_504 import Answer504
from mockserver.faults.base import Fault, Faults
from mockserver.faults.break_download import BreakDownload
from mockserver.faults.corrupt_download import CorruptDownload
from mockserver.faults.delay_answer import DelayAnswer
from mockserver.faults.delay_request import DelayRequest
from mockserver.faults.delay_webhook import DelayWebhook
from mockserver.faults.drop_socket_after_ack import DropSocketAfterAck
from mockserver.faults.drop_socket_before_ack import DropSocketBeforeAck
from mockserver.faults.drop_webhook import DropWebhook
from mockserver.faults.duplicate_frame import DuplicateFrame
from mockserver.faults.duplicate_webhook import DuplicateWebhook
from mockserver.faults.empty_body import EmptyBody
from mockserver.faults.expire_media import ExpireMedia
from mockserver.faults.fail_generation import FailGeneration
from mockserver.faults.fail_one_result import FailOneResult
from mockserver.faults.fill_queue import FillQueue
from mockserver.faults.garble_body import GarbleBody
from mockserver.faults.hurry_webhook import HurryWebhook
from mockserver.faults.lag_polls import LagPolls
from mockserver.faults.limit_rate import LimitRate
from mockserver.faults.lose_frame import LoseFrame
from mockserver.faults.mislabel_body import MislabelBody
from mockserver.faults.moderate_content import ModerateContent
from mockserver.faults.refuse_submit import RefuseSubmit
from mockserver.faults.refuse_upload import RefuseUpload
from mockserver.faults.refuse_webhook import RefuseWebhook
from mockserver.faults.reorder_frames import ReorderFrames
from mockserver.faults.reorder_webhooks import ReorderWebhooks
from mockserver.faults.reset_after_answer import ResetAfterAnswer
from mockserver.faults.reset_before_answer import ResetBeforeAnswer
from mockserver.faults.reset_while_answering import ResetWhileAnswering
from mockserver.faults.run_out_of_credits import RunOutOfCredits
from mockserver.faults.shuffle_results import ShuffleResults
from mockserver.faults.slow_download import SlowDownload
from mockserver.faults.slow_rendering import SlowRendering
from mockserver.faults.slow_upload import SlowUpload
from mockserver.faults.split_frame import SplitFrame
from mockserver.faults.split_results import SplitResults
from mockserver.faults.stall_rendering import StallRendering
from mockserver.faults.throttle_answer import ThrottleAnswer
from mockserver.faults.throttle_request import ThrottleRequest
from mockserver.faults.time_out_provider import TimeOutProvider
from mockserver.faults.truncate_body import TruncateBody
from mockserver.faults.withhold_answer import WithholdAnswer

#: Every fault by name, in the order in which a task meets them.
FAULTS: Faults = MappingProxyType(
    {
        "refuse-submit": RefuseSubmit,
        "run-out-of-credits": RunOutOfCredits,
        "limit-rate": LimitRate,
        "fill-queue": FillQueue,
        "answer-500": Answer500,
        "answer-502": Answer502,
        "answer-503": Answer503,
        "answer-504": Answer504,
        "fail-generation": FailGeneration,
        "fail-one-result": FailOneResult,
        "moderate-content": ModerateContent,
        "time-out-provider": TimeOutProvider,
        "slow-rendering": SlowRendering,
        "stall-rendering": StallRendering,
        "empty-body": EmptyBody,
        "truncate-body": TruncateBody,
        "garble-body": GarbleBody,
        "mislabel-body": MislabelBody,
        "add-unknown-fields": AddUnknownFields,
        "shuffle-results": ShuffleResults,
        "lag-polls": LagPolls,
        "delay-request": DelayRequest,
        "throttle-request": ThrottleRequest,
        "delay-answer": DelayAnswer,
        "throttle-answer": ThrottleAnswer,
        "withhold-answer": WithholdAnswer,
        "reset-before-answer": ResetBeforeAnswer,
        "reset-while-answering": ResetWhileAnswering,
        "reset-after-answer": ResetAfterAnswer,
        "drop-socket-before-ack": DropSocketBeforeAck,
        "drop-socket-after-ack": DropSocketAfterAck,
        "lose-frame": LoseFrame,
        "duplicate-frame": DuplicateFrame,
        "reorder-frames": ReorderFrames,
        "split-frame": SplitFrame,
        "split-results": SplitResults,
        "expire-media": ExpireMedia,
        "break-download": BreakDownload,
        "corrupt-download": CorruptDownload,
        "slow-download": SlowDownload,
        "drop-webhook": DropWebhook,
        "duplicate-webhook": DuplicateWebhook,
        "delay-webhook": DelayWebhook,
        "reorder-webhooks": ReorderWebhooks,
        "hurry-webhook": HurryWebhook,
        "refuse-webhook": RefuseWebhook,
        "refuse-upload": RefuseUpload,
        "slow-upload": SlowUpload,
    }
)

__all__ = ["FAULTS", "Fault", "Faults"]
