"""Chat bodies that a client would never send, most of them nearly right."""

import json
import string


def random_body(rng):
    return _mutate(rng, json.dumps(_random_call(rng)).encode())


def _random_call(rng):
    body = {"model": "m", "messages": [_random_message(rng) for _ in range(rng.randrange(4))]}
    names = ("stream", "temperature", "stop", "tools", "n", "max_tokens", "stream_options", "x")
    for name in rng.sample(names, rng.randrange(4)):
        body[name] = _random_value(rng, 3)
    if rng.random() < 0.1:
        body[rng.choice(["model", "messages"])] = _random_value(rng, 3)
    return body


def _random_message(rng):
    content = rng.choice(["hi", None, _random_value(rng, 4)])
    message = {"role": rng.choice(["user", "assistant", "tool", "x"]), "content": content}
    if rng.random() < 0.2:
        message[rng.choice(["tool_calls", "function_call", "name"])] = _random_value(rng, 4)
    return message


def _random_value(rng, depth):
    kind = rng.randrange(8 if depth else 5)
    if kind == 0:
        return None
    if kind == 1:
        return rng.random() < 0.5
    if kind == 2:
        return rng.choice([0, -1, 1, 2**70, 0.5, 1e300])
    if kind in (3, 4):
        return "".join(rng.choice(string.printable + "😀é\u202e\ud800") for _ in range(6))
    if kind == 5:
        return [_random_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    keys = ("type", "text", "function", "name", "arguments", "id", "include_usage")
    return {rng.choice(keys): _random_value(rng, depth - 1) for _ in range(rng.randrange(4))}


def _mutate(rng, raw):
    data = bytearray(raw)
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        at = rng.randrange(len(data))
        match rng.randrange(3):
            case 0:
                data[at] = rng.randrange(256)
            case 1:
                del data[at : at + rng.randrange(1, 9)]
            case _:
                data[at:at] = rng.choice([b"[", b'"', b"\\", b"1e9", b"\x00", b"\xed\xa0\x80"])
    return bytes(data)
