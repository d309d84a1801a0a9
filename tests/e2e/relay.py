"""A way between two programs that can die without a word, as a network does during sleep."""

import contextlib
import socket
import threading


class Relay:
    """Forwards TCP connections; those made before `go_silent` carry nothing any more from then on,
    yet stay open. Later ones work."""

    def __init__(self, port: int) -> None:
        self.connections = 0
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._silent = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def go_silent(self) -> None:
        self._silent.set()
        self._silent = threading.Event()

    def close(self) -> None:
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            far = socket.create_connection(self._target)
            self._sockets += near, far
            for source, sink in ((near, far), (far, near)):
                threading.Thread(
                    target=_pump, args=(source, sink, self._silent), daemon=True
                ).start()


def _pump(source: socket.socket, sink: socket.socket, silent: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            if silent.is_set():
                return  # what comes now is left in the socket, as if nobody took it
            sink.sendall(data)
    if not silent.is_set():
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
