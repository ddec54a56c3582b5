"""Numbers for what waits for an event, and the function that each of them stands for."""

import itertools


class Tokens:
    """Its methods are safe on any thread, since each is one step of the interpreter's."""

    def __init__(self):
        self._waiting = {}
        self._next = itertools.count(1).__next__

    def __len__(self):
        return len(self._waiting)

    def add(self, function, *arguments):
        """Has function(event, *arguments) called for each event of the token."""
        token = self._next()
        self._waiting[token] = function, arguments
        return token

    def forget(self, token):
        self._waiting.pop(token, None)

    def call(self, event):
        """What waits is forgotten before it is called with its last event."""
        take = self._waiting.pop if event.last() else self._waiting.get
        waiting = take(event.token(), None)
        if waiting:
            waiting[0](event, *waiting[1])
