from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    id: "str | None"
    items: list
    next_id: "str | None"


class NotificationLog(ABC):
    @abstractmethod
    def __getitem__(self, section_id): ...

    @abstractmethod
    def select(self, start, limit, stop=None, topics=(), *, inclusive_of_start=True): ...
