"""Runs docs/protocol-vectors.json against subscription.py and prints `N passed, N failed`."""

import json
import sys
from pathlib import Path

from subscription import Position, Subscription, decode_position


def check_valid(vector: dict) -> None:
    position = decode_position(vector["token"])
    expected = Position(vector["epoch"], vector["offset"], vector["id"], vector["time"], vector.get("grant", ""))
    assert position == expected and position.token == vector["token"], position


def check_invalid(token: str) -> None:
    assert decode_position(token) is None, decode_position(token)


def check_subscription(script: dict) -> None:
    since = script.get("since")
    subscription = Subscription("things.red", decode_position(since) if since else None)
    heard: list = []
    sid = 0
    for step in script["steps"]:
        kind, value = next(iter(step.items()))
        if kind == "asks":
            assert subscription.asking, "no request is due"
            sid += 1
            item = subscription.ask(sid)
            assert {key: item[key] for key in ("since", "grant") if key in item} == value, item
        elif kind == "answer":
            heard += subscription.take_answer({**value, "sid": sid})
        elif kind == "frame":
            heard += subscription.take_frame(value)
        elif kind == "reconnects":
            subscription.forget()
        elif kind == "control" and value["kind"] == "revoked":
            heard += subscription.end(value["error"])
        elif kind == "control":
            subscription.forget()
        elif kind == "hears":
            told = [tell(*one) for one in heard]
            assert told == value, told
            heard = []
        elif kind == "position":
            assert subscription.position.token == value, subscription.position
        else:
            raise AssertionError(f"unknown step {kind}")


def tell(kind: str, what: object) -> dict:
    if kind == "event":
        return {"event": what["offset"]}
    return {kind: what["code"] if kind == "ended" else what}


def main(path: str) -> int:
    vectors = json.loads(Path(path).read_text(encoding="utf-8"))
    checks = [(check_valid, vector) for vector in vectors["positions"]["valid"]]
    checks += [(check_invalid, token) for token in vectors["positions"]["invalid"]]
    checks += [(check_subscription, script) for script in vectors["subscriptions"]]
    failed = 0
    for check, vector in checks:
        try:
            check(vector)
        except Exception as error:
            failed += 1
            print(f"{vector if isinstance(vector, str) else vector.get('name', vector)}: {error!r}")
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main(sys.argv[1]))
