"""
A stand-in for the library `eventsourcing` where it is not installed: the classes that follow a log over HTTP, with the library's names and
signatures, and with the requests that the library's own would make.
"""
