"""The body of a request, which curl may send twice and no more."""

import io

_AGAIN = 1


class Body(io.BytesIO):
    """To be read by curl.

    Where a kept connection ends before an answer begins, curl sends everything anew on the next,
    up to five times, and grok.com may have taken each for a question. Once is for a connection
    that was dead already; beyond that it is for our own rules to decide.
    """

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(data)
        self._again = _AGAIN

    def load(self, data: bytes) -> None:
        """The next request's."""
        super().seek(0)
        self.truncate()
        self.write(data)
        super().seek(0)
        self._again = _AGAIN

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Curl does so before it sends anew, and gives up when it must not."""
        if not self._again:
            raise OSError("this was sent often enough")
        self._again -= 1
        return super().seek(offset, whence)
