"""
Follows the store with the library's own classes (pip install eventsourcing), and prints each notification as a line of JSON.

    python3 tools/follow.py [URL [START [TOPIC …]]]
"""

import json
import sys
from urllib.parse import urlencode
from urllib.request import urlopen

from eventsourcing.interface import NotificationLogInterface, NotificationLogJSONClient
from eventsourcing.system import NotificationLogReader


class StoreOverHTTP(NotificationLogInterface):
    def __init__(self, url):
        self.url = url

    def get_log_section(self, section_id):
        return self.get(f"/{section_id}")

    def get_notifications(self, start, limit, topics=(), *, inclusive_of_start=True):
        query = {"start": start, "limit": limit, "topics": topics, "inclusive_of_start": inclusive_of_start}
        return self.get("?" + urlencode({name: value for name, value in query.items() if value is not None}, doseq=True))

    def get(self, path):
        with urlopen(f"{self.url}/notifications{path}") as answer:
            return answer.read().decode()


def main(url="http://localhost:8787", start="1", *topics):
    reader = NotificationLogReader(NotificationLogJSONClient(StoreOverHTTP(url)))
    lists = reader.select(start=int(start), topics=topics) if topics else [reader.read(start=int(start))]
    for notifications in lists:
        for one in notifications:
            state = json.loads(one.state)
            print(json.dumps([one.id, str(one.originator_id), one.originator_version, one.topic, state]))


main(*sys.argv[1:])
