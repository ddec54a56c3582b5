"""Arguments and keywords as the library takes them."""

from . import low


def fill(target, **keywords):
    """Sets what is not None. True and False are choices, and objects of ours stand for the library's."""
    for name, value in keywords.items():
        if value is None:
            continue
        if name == "collections":
            for collection in value:
                target.add_collection(collection._low)
            continue
        setter = getattr(target, "set_" + name, None)
        if setter is None:
            raise TypeError(f"There is no option '{name}'.")
        if isinstance(value, bool):
            value = low.YES if value else low.NO
        setter(getattr(value, "_low", value))
    return target


class IoOptionsCache(dict):
    """Options of operations by their values, since a program uses few and each takes a while to make."""

    NAMES = ("start", "end", "minimum", "max_read", "timeout", "stall_timeout")
    LIMIT = 1000

    def __missing__(self, values):
        if len(self) >= self.LIMIT:
            self.clear()
        given = any(value is not None for value in values)
        self[values] = options = fill(low.IoOptions(), **dict(zip(self.NAMES, values))) if given else None
        return options


io_options = IoOptionsCache()


def lower_service(service):
    return None if service is None else str(service)


def lower_socket(socket):
    return socket if isinstance(socket, int) else socket.fileno()


def lower_buffers(views):
    buffers = low.Buffers()
    for view in views:
        buffers.add(view)
    return buffers


def lower_messages(messages):
    lowered = low.Messages()
    for data, address in messages:
        lowered.add(data, address and address._low)
    return lowered
