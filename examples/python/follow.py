"""Follows channels and prints what it hears, one JSON object a line. Lines of standard input are commands.

It needs python-socketio and aiohttp. With the reference app on port 3000:

    export TOKEN=$(curl -s localhost:3000/sign-in -H 'content-type: application/json' -d '{"name": "ada"}' |
      python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])')
    python3 follow.py http://localhost:3000 desk.SFO desk.ATL
    ["board.read", {"airport": "SFO", "limit": 3}]

A token that is refused for REFUSAL_PATIENCE_S seconds, 60 if it is not set, ends it with status 1.
"""

import asyncio
import json
import os
import sys

from realtime_client import REFUSAL_PATIENCE_S, RealtimeClient, RealtimeError


def show(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


def hear(channel: str, kind: str, what: object) -> None:
    if kind == "event":
        event = {key: what[key] for key in ("offset", "type")}
        show(channel=channel, event=event, data=json.loads(what["data"]))
    else:
        show(channel=channel, **{kind: what})


async def send_lines(client: RealtimeClient) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        name, data = json.loads(line)
        try:
            show(command=name, result=await client.send(name, data))
        except RealtimeError as error:
            show(command=name, error=error.code, outcome=error.outcome)


async def token() -> str:
    """An application asks its own sign-in for a fresh one here."""
    return os.environ["TOKEN"]


async def main(url: str, channels: list) -> None:
    patience_s = float(os.environ.get("REFUSAL_PATIENCE_S", REFUSAL_PATIENCE_S))
    client = RealtimeClient(url, token, hear, patience_s)
    for channel in channels:
        client.subscribe(channel)
    commands = asyncio.ensure_future(send_lines(client))
    try:
        await client.run()
    except RealtimeError as error:
        show(refused=error.code)
        sys.exit(1)
    finally:
        commands.cancel()


asyncio.run(main(sys.argv[1], sys.argv[2:]))
