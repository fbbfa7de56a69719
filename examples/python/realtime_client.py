"""A small client for Millrace in Python: commands, subscriptions, and coming back without losing an event.

It stands on python-socketio and aiohttp. The asyncio client of python-socketio handles packets in their order; its
threaded one starts a thread for each, so that frames overtake each other.
"""

import asyncio
import random
import time
import uuid
from typing import Awaitable, Callable, Optional

import aiohttp
import socketio

from subscription import Subscription, decode_position

NAMESPACE, PATH = "/realtime", "/realtime"
ANSWER_TIMEOUT_S = 15
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10
# A session that lived this long shows that the server works: the next try begins with a short pause.
PROVEN_AFTER_S = 5
# The node that refuses a token may be the one that is wrong: another one is asked, for this long at least.
REFUSAL_PATIENCE_S = 60
MAX_REFUSALS = 5
SUBSCRIBE_ITEMS = 100


class RealtimeError(Exception):
    """What the server answered. Decide by `retry` and `outcome`: new codes come."""

    def __init__(self, error: dict):
        super().__init__(f"{error['code']}: {error.get('message', '')}")
        self.code, self.retry = error["code"], error["retry"]
        self.outcome, self.reason = error.get("outcome"), error.get("reason")
        self.retry_after_s = error.get("retryAfterMs", 0) / 1000


LOST = {"code": "CONNECTION_LOST", "retry": "never", "outcome": "unknown", "message": "The answer did not arrive"}


class RealtimeClient:
    """`token` is called for every connection. `hear(channel, kind, what)` hears what a Subscription tells."""

    def __init__(
        self,
        url: str,
        token: Callable[[], Awaitable[str]],
        hear: Callable[[str, str, object], None],
        refusal_patience_s: float = REFUSAL_PATIENCE_S,
    ):
        self._url, self._token, self._hear = url, token, hear
        self._refusal_patience_s = refusal_patience_s
        self._subscriptions: dict = {}
        self._session: Optional[socketio.AsyncClient] = None
        self._connected = asyncio.Event()
        self._ended = asyncio.Event()
        self._due = asyncio.Event()
        self._sids = 0

    async def run(self) -> None:
        """Stays connected until the server refuses for good, which it raises."""
        failures = refusals = 0
        doubted_since = time.monotonic()
        while True:
            started = time.monotonic()
            error = await self._one_session()
            lived_s = time.monotonic() - started
            refusals = refusals + 1 if error and _is_doubtful(error) else 0
            if refusals <= 1:
                doubted_since = started
            is_believed = refusals >= MAX_REFUSALS and time.monotonic() - doubted_since >= self._refusal_patience_s
            if error and (is_believed or _is_final(error)):
                raise error
            failures = 0 if lived_s > PROVEN_AFTER_S else failures + 1
            bound_s = min(FIRST_PAUSE_S * 2**failures, LONGEST_PAUSE_S)
            await asyncio.sleep((error.retry_after_s if error else 0) + random.random() * bound_s)

    def subscribe(self, channel: str, since: Optional[str] = None) -> None:
        self._subscriptions[channel] = Subscription(channel, decode_position(since) if since else None)
        self._due.set()

    def position(self, channel: str) -> Optional[str]:
        """Keep it with the state that you made of the events; give it back as `since`."""
        position = self._subscriptions[channel].position
        return position.token if position else None

    async def send(self, name: str, data: object) -> object:
        """Sends a command. One that may have reached the server is not sent again."""
        body = {"id": uuid.uuid4().hex, "name": name, "data": data}
        while True:
            await self._connected.wait()
            try:
                return (await self._request("command", body)).get("result")
            except RealtimeError as error:
                # Only such an answer says that no handler saw the command.
                if error.outcome is not None or error.retry not in ("backoff", "reconnect"):
                    raise
                await asyncio.sleep(error.retry_after_s + random.random() * FIRST_PAUSE_S)

    async def _one_session(self) -> Optional[RealtimeError]:
        """From a connect to the end of the connection; answers with the server's reason, if it gave one."""
        async with aiohttp.ClientSession() as http:
            session = socketio.AsyncClient(reconnection=False, http_session=http)
            reasons: list = []
            admitted, self._ended = asyncio.Event(), asyncio.Event()
            session.on("connect", admitted.set, namespace=NAMESPACE)
            session.on("connect_error", lambda given=None: self._refused(given, reasons), namespace=NAMESPACE)
            session.on("events", self._take_frame, namespace=NAMESPACE)
            session.on("control", lambda frame: self._obey(frame, reasons), namespace=NAMESPACE)
            session.on("disconnect", self._ended.set, namespace=NAMESPACE)
            try:
                await self._connect(session)
                await _first_of(admitted.wait(), self._ended.wait())
                if admitted.is_set():
                    await self._serve(session)
            except (socketio.exceptions.SocketIOError, asyncio.TimeoutError):
                pass
            await session.disconnect()
            return reasons[-1] if reasons else None

    async def _connect(self, session: socketio.AsyncClient) -> None:
        auth = {"protocol": 1, "token": await self._token(), "client": {"name": "python-example", "version": "1"}}
        await session.connect(
            self._url,
            transports=["websocket"],
            namespaces=[NAMESPACE],
            auth=auth,
            socketio_path=PATH,
            wait=False,
        )

    async def _serve(self, session: socketio.AsyncClient) -> None:
        for subscription in self._subscriptions.values():
            subscription.forget()
        self._session = session
        self._connected.set()
        self._due.set()
        asker = asyncio.ensure_future(self._ask())
        await self._ended.wait()
        asker.cancel()
        self._session = None
        self._connected.clear()

    def _refused(self, given: object, reasons: list) -> None:
        error = given.get("data") if isinstance(given, dict) else None
        if isinstance(error, dict):
            reasons.append(RealtimeError(error))
        self._ended.set()

    async def _request(self, name: str, body: dict) -> dict:
        session = self._session
        if session is None:
            raise RealtimeError(LOST)
        try:
            call = session.call(name, body, namespace=NAMESPACE, timeout=ANSWER_TIMEOUT_S)
            answer = await _first_of(call, self._ended.wait())
        except (socketio.exceptions.SocketIOError, asyncio.TimeoutError):
            raise RealtimeError(LOST) from None
        # The connection ended first.
        if not isinstance(answer, dict):
            raise RealtimeError(LOST)
        if not answer["ok"]:
            raise RealtimeError(answer["error"])
        return answer

    async def _ask(self) -> None:
        """Subscribes to the channels that have a request due: one request at a time."""
        while True:
            await self._due.wait()
            self._due.clear()
            due = [one for one in self._subscriptions.values() if one.asking and not one.ended]
            pause_s = await self._subscribe(due[:SUBSCRIBE_ITEMS]) if due else 0.0
            if any(one.asking and not one.ended for one in due):
                self._due.set()
                await asyncio.sleep(pause_s)

    async def _subscribe(self, asked: list) -> float:
        """Answers how long to wait before the next request."""
        try:
            answer = await self._request("subscribe", {"items": [self._item(one) for one in asked]})
        except RealtimeError as error:
            return FIRST_PAUSE_S + error.retry_after_s
        pause_s = 0.0
        for item in answer["items"]:
            subscription = next((one for one in asked if one.sid == item["sid"]), None)
            if item["outcome"] == "refused":
                pause_s = max(pause_s, FIRST_PAUSE_S, item["error"].get("retryAfterMs", 0) / 1000)
            if subscription:
                self._tell(subscription, subscription.take_answer(item))
        return pause_s

    def _item(self, subscription: Subscription) -> dict:
        self._sids += 1
        return subscription.ask(self._sids)

    def _take_frame(self, frame: dict) -> None:
        subscription = self._subscriptions.get(frame["channel"])
        if not subscription:
            return
        self._tell(subscription, subscription.take_frame(frame))
        if subscription.asking:
            self._due.set()

    def _obey(self, frame: dict, reasons: list) -> None:
        kind = frame["kind"]
        if kind == "reauthenticate":
            asyncio.ensure_future(self._authenticate())
        elif kind == "closing":
            reasons.append(RealtimeError(frame["error"]))
        elif kind == "draining":
            asyncio.get_running_loop().call_later(frame["retryAfterMs"] / 1000, self._ended.set)
        elif kind == "lagging":
            asyncio.get_running_loop().call_later(frame["retryAfterMs"] / 1000, self._ask_again, frame["channels"])
        elif kind == "discontinuity":
            self._ask_again([frame["channel"]])
        elif kind == "revoked" and frame["channel"] in self._subscriptions:
            subscription = self._subscriptions[frame["channel"]]
            self._tell(subscription, subscription.end(frame["error"]))

    def _ask_again(self, channels: list) -> None:
        for channel in channels:
            if channel in self._subscriptions:
                self._subscriptions[channel].forget()
        self._due.set()

    async def _authenticate(self) -> None:
        try:
            await self._request("authenticate", {"token": await self._token()})
        except RealtimeError:
            # The session ends with its token; the next connection brings a fresh one.
            pass

    def _tell(self, subscription: Subscription, heard: list) -> None:
        for kind, what in heard:
            self._hear(subscription.channel, kind, what)


def _is_doubtful(error: RealtimeError) -> bool:
    """A node with another secret, clock or version refuses everybody; the next one may not."""
    return error.code == "PROTOCOL_UNSUPPORTED" or (error.retry == "reauthenticate" and error.reason != "sign-in")


def _is_final(error: RealtimeError) -> bool:
    return not _is_doubtful(error) and error.retry in ("never", "reauthenticate")


async def _first_of(*coroutines: Awaitable) -> object:
    """What the first of them comes to; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, timeout=ANSWER_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            raise asyncio.TimeoutError
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
