class NotificationLogReader:
    DEFAULT_SECTION_SIZE = 10

    def __init__(self, notification_log, section_size=DEFAULT_SECTION_SIZE):
        self.notification_log = notification_log
        self.section_size = section_size

    def read(self, *, start):
        """From the section that begins at `start`, along `next_id`, to the one that has none."""
        section_id = f"{start},{start + self.section_size - 1}"
        while section_id is not None:
            section = self.notification_log[section_id]
            yield from section.items
            section_id = section.next_id

    def select(self, *, start, stop=None, topics=(), inclusive_of_start=True):
        """List after list, up to one that is empty."""
        while True:
            found = self.notification_log.select(
                start=start, stop=stop, limit=self.section_size, topics=topics, inclusive_of_start=inclusive_of_start
            )
            if not found:
                return
            start = found[-1].id + (1 if inclusive_of_start else 0)
            yield found
