import json
from abc import ABC, abstractmethod
from base64 import b64decode
from uuid import UUID

from eventsourcing.application import NotificationLog, Section
from eventsourcing.persistence import Notification


class NotificationLogInterface(ABC):
    @abstractmethod
    def get_log_section(self, section_id): ...

    @abstractmethod
    def get_notifications(self, start, limit, topics=(), *, inclusive_of_start=True): ...


def notification(item):
    return Notification(
        originator_id=UUID(item["originator_id"]),
        originator_version=item["originator_version"],
        topic=item["topic"],
        state=b64decode(item["state"].encode("utf8")),
        id=item["id"],
    )


class NotificationLogJSONClient(NotificationLog):
    def __init__(self, interface):
        self.interface = interface

    def __getitem__(self, section_id):
        section = json.loads(self.interface.get_log_section(section_id))
        return Section(section["id"], [notification(item) for item in section["items"]], section["next_id"])

    # As the library's: `stop` is not sent.
    def select(self, start, limit, stop=None, topics=(), *, inclusive_of_start=True):
        text = self.interface.get_notifications(start=start, limit=limit, topics=topics, inclusive_of_start=inclusive_of_start)
        return [notification(item) for item in json.loads(text)]
