from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Notification:
    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes
    id: int
