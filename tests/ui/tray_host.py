"""A desktop that shows tray icons, as far as D-Bus is concerned: a StatusNotifierWatcher."""

import threading
from collections.abc import Callable
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    Properties,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection

WATCHER = "org.kde.StatusNotifierWatcher"
WATCHER_PATH = "/StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"

_BUS = DBusAddress(
    "/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus"
)


class TrayHost:
    """Owns the watcher's name while open; `items` are the services that registered."""

    def __init__(self, address: str) -> None:
        self.items: list[str] = []
        self._connection = open_dbus_connection(address)
        self._client = open_dbus_connection(address)
        self._open = True
        self._call(self._connection, _BUS, "RequestName", "su", (WATCHER, 4))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._announce("StatusNotifierHostRegistered")

    def close(self) -> None:
        """As if the panel crashed."""
        self._open = False
        self._connection.close()
        self._client.close()

    def property(self, name: str) -> Any:
        item = DBusAddress("/StatusNotifierItem", bus_name=self.items[-1], interface=ITEM)
        return self._get(Properties(item).get(name))[0][1]

    def activate(self) -> None:
        item = DBusAddress("/StatusNotifierItem", bus_name=self.items[-1], interface=ITEM)
        self._call(self._client, item, "Activate", "ii", (10, 10))

    def menu(self) -> list[dict[str, Any]]:
        """The entries, each with `id` and its properties, as a panel would show them now."""
        self._call(self._client, self._menu_address(), "AboutToShow", "i", (0,))
        _revision, (_id, _properties, children) = self._call(
            self._client, self._menu_address(), "GetLayout", "iias", (0, -1, [])
        )
        entries = []
        for _signature, (entry_id, properties, _children) in children:
            plain = {name: value for name, (_kind, value) in properties.items()}
            entries.append({"id": entry_id, **plain})
        return entries

    def labels(self) -> list[str]:
        return [entry["label"].replace("__", "_") for entry in self.menu() if entry.get("label")]

    def click(self, label: str) -> None:
        entry_id = next(entry["id"] for entry in self.menu() if entry.get("label") == label)
        arguments = (entry_id, "clicked", ("s", ""), 0)
        self._call(self._client, self._menu_address(), "Event", "isvu", arguments)

    def _menu_address(self) -> DBusAddress:
        return DBusAddress(str(self.property("Menu")), bus_name=self.items[-1], interface=MENU)

    def _call(
        self,
        connection: DBusConnection,
        address: DBusAddress,
        method: str,
        signature: str,
        arguments: tuple[Any, ...],
    ) -> Any:
        return self._get(new_method_call(address, method, signature, arguments), connection)

    def _get(self, message: Message, connection: DBusConnection | None = None) -> Any:
        reply = (connection or self._client).send_and_get_reply(message, timeout=5)
        if reply.header.message_type is MessageType.error:
            raise RuntimeError(f"{reply.header.fields.get(HeaderFields.error_name)}: {reply.body}")
        return reply.body

    def _serve(self) -> None:
        answers: dict[str, Callable[[Message], Message]] = {
            "Get": self._get_property,
            "GetAll": lambda message: new_method_return(message, "a{sv}", (self._all(),)),
            "RegisterStatusNotifierItem": self._register,
            "RegisterStatusNotifierHost": lambda message: new_method_return(message),
        }
        while self._open:
            try:
                message = self._connection.receive(timeout=0.2)
            except TimeoutError:
                continue
            except Exception:
                return  # closed under us, as a crash would
            if message.header.message_type is MessageType.method_call:
                answer = answers.get(message.header.fields[HeaderFields.member])
                self._connection.send(
                    answer(message) if answer else new_error(message, "test.Unknown")
                )

    def _register(self, message: Message) -> Message:
        self.items.append(message.header.fields[HeaderFields.sender])
        return new_method_return(message)

    def _get_property(self, message: Message) -> Message:
        return new_method_return(message, "v", (self._all()[message.body[1]],))

    def _all(self) -> dict[str, tuple[str, Any]]:
        return {
            "IsStatusNotifierHostRegistered": ("b", True),
            "RegisteredStatusNotifierItems": ("as", self.items),
            "ProtocolVersion": ("i", 0),
        }

    def _announce(self, signal: str) -> None:
        address = DBusAddress(WATCHER_PATH, interface=WATCHER)
        self._connection.send(new_signal(address, signal))
