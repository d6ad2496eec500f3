"""The same sends through SendPost's official SDK, one after the other, as its own samples do."""

import json
import sys
import time

import sendpost_python_sdk as sdk

from bench.children.accounts import ready
from bench.children.wires import TEXT

own, sends = ready(sys.argv[1])["sendpost"], int(sys.argv[2])
configuration = sdk.Configuration(host=own["base_url"], api_key={"subAccountAuth": own["subaccount_key"]})


def message(number):
    return sdk.EmailMessageObject(
        **{"from": sdk.EmailAddress(email="me@example.com")},
        to=[sdk.Recipient(email="you@example.com")],
        subject=f"Number {number}",
        textBody=TEXT,
        headers={"X-Turbodesk-ID": f"td-sdk-{number}"},
        groups=[f"td-sdk-{number}"],
    )


with sdk.ApiClient(configuration) as client:
    client.set_default_header("X-SendPost-Public-Contract", "v1")
    api = sdk.EmailApi(client)
    api.send_email(message(0))
    begin = time.perf_counter()
    for number in range(sends):
        (answer,) = api.send_email(message(number))
        assert not answer.error_code, answer
    print(json.dumps(sends / (time.perf_counter() - begin)))
