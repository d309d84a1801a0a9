"""Half of the generated requests name a model that exists, or all would end at its name."""

import os

import schemathesis

MODEL = os.environ["CLIENTS_MODEL"]


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict) and isinstance(body.get("model"), str) and len(body["model"]) % 2 == 0:
        body["model"] = MODEL
    return body
