"""How a subscriber follows one durable channel: pure decisions, no network.

The rules are those of docs/protocol.md, "What an SDK must do"; docs/protocol-vectors.json tests them.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple, Optional

WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
WHOLE = re.compile(r"0|[1-9][0-9]{0,15}")
# Only the server can read or make one; a position is kept together with it.
GRANT = re.compile(r"(?=.{3,64}$)[A-Za-z0-9_-]+(?:~[A-Za-z0-9_-]+)+")
MAX_TOKEN_LENGTH = 256
MAX_SAFE_INTEGER = 2**53 - 1
# A server that answers slowly must not make the client hold frames without a bound.
MAX_HELD_EVENTS = 10_000


class Position(NamedTuple):
    """The last event that the application has, and the life of the log that its offset belongs to."""

    epoch: str
    offset: int
    id: str
    time: int
    grant: str = ""

    @property
    def place(self) -> str:
        return f"{self.epoch}.{self.offset}.{self.id}.{self.time}"

    @property
    def token(self) -> str:
        """What the application keeps: it has to come back with its grant."""
        return f"{self.place}.{self.grant}" if self.grant else self.place

    def at(self, event: dict) -> "Position":
        return Position(self.epoch, event["offset"], event["id"], event["time"], self.grant)


def decode_position(token: str) -> Optional[Position]:
    """The position in a token, or None where no server can have made it."""
    parts = token.split(".")
    if len(token) > MAX_TOKEN_LENGTH or len(parts) not in (4, 5):
        return None
    epoch, offset, event_id, time = parts[:4]
    grant = parts[4] if len(parts) == 5 else ""
    if len(parts) == 5 and not GRANT.fullmatch(grant):
        return None
    if not WORD.fullmatch(epoch) or not WHOLE.fullmatch(offset) or not WHOLE.fullmatch(time):
        return None
    position = Position(epoch, int(offset), event_id, int(time), grant)
    if max(position.offset, position.time) > MAX_SAFE_INTEGER:
        return None
    id_fits = event_id == "" if position.offset == 0 else WORD.fullmatch(event_id)
    return position if id_fits else None


def merge(position: Position, epoch: str, prev: int, events: list) -> tuple:
    """Takes the events that come next: (taken, new position, whether nothing is missing)."""
    if epoch != position.epoch or prev > position.offset:
        return [], position, False
    taken = []
    for event in events:
        if event["offset"] < position.offset:
            continue
        if event["offset"] == position.offset:
            # Another event at the same offset: the server lost its newest events since.
            if event["id"] != position.id:
                return taken, position, False
            continue
        if event["offset"] != position.offset + 1:
            return taken, position, False
        taken.append(event)
        position = position.at(event)
    return taken, position, True


@dataclass
class Subscription:
    """One channel. Its methods return what the application hears, in order:
    ("event", event), ("lost", reason), ("recovered", count) or ("ended", error)."""

    channel: str
    position: Optional[Position] = None
    # A request is due or under way: frames are held, the answer comes before them.
    asking: bool = True
    ended: bool = False
    sid: Optional[int] = None
    recovered: int = 0
    held: list = field(default_factory=list)
    overflowed: bool = False

    def ask(self, sid: int) -> dict:
        """The item of the next `subscribe`. Only the answer with its `sid` counts."""
        self.forget()
        self.sid = sid
        item = {"channel": self.channel, "sid": sid}
        if not self.position:
            return item
        item["since"] = self.position.place
        return {**item, "grant": self.position.grant} if self.position.grant else item

    def forget(self) -> None:
        """Another request is due; an answer that is under way is not believed."""
        self.asking, self.sid, self.held, self.overflowed = True, None, [], False

    def end(self, error: dict) -> list:
        """It was refused, or revoked: nothing is heard any more."""
        self.ended = True
        return [("ended", error)]

    def take_frame(self, frame: dict) -> list:
        if self.ended:
            return []
        if not self.asking:
            return self._advance(frame)
        if sum(len(one["events"]) for one in self.held) + len(frame["events"]) > MAX_HELD_EVENTS:
            self.held, self.overflowed = [], True
        elif not self.overflowed:
            self.held.append(frame)
        return []

    def take_answer(self, answer: dict) -> list:
        if self.ended or not self.asking or answer.get("sid") != self.sid:
            return []
        if answer["outcome"] == "refused":
            return self._refused(answer["error"])
        if answer["outcome"] not in ("fresh", "recovered", "behind", "unrecoverable"):
            return []
        return self._take_page(answer)

    def _take_page(self, answer: dict) -> list:
        head = decode_position(answer["position"])
        events = answer["events"]
        # The events of an answer belong to the epoch of its position.
        first = events[0]["offset"] - 1 if events else head.offset
        start = head if not events else head._replace(offset=first, id="")
        lost = self._lost(answer, head, start)
        heard = [("lost", lost)] if lost else []
        if self.position and not lost:
            start = self.position
        # A server of before grants nothing, and what another one granted is still true.
        start = start._replace(grant=answer.get("grant", start.grant))
        taken, self.position, whole = merge(start, head.epoch, 0, events)
        heard += [("event", event) for event in taken]
        self.recovered += len(taken)
        if answer["outcome"] == "behind" or not whole or self.position.offset < head.offset:
            return heard
        if answer["outcome"] == "recovered" and not lost:
            heard.append(("recovered", self.recovered))
        self.recovered = 0
        held, self.held = self.held, []
        self.asking = self.overflowed
        for frame in [] if self.asking else held:
            heard += self._advance(frame)
            if self.asking:
                break
        return heard

    def _lost(self, answer: dict, head: Position, start: Position) -> Optional[str]:
        if answer["outcome"] == "unrecoverable":
            return answer["reason"]
        if not self.position:
            return None
        if self.position.epoch != head.epoch:
            return "epoch"
        if answer["outcome"] == "fresh" and self.position.offset != start.offset:
            return "mismatch"
        return None

    def _advance(self, frame: dict) -> list:
        taken, self.position, whole = merge(self.position, frame["epoch"], frame["prev"], frame["events"])
        self.asking = not whole
        return [("event", event) for event in taken]

    def _refused(self, error: dict) -> list:
        if error["retry"] == "never":
            return self.end(error)
        if error["retry"] == "resync" and self.position:
            self.position = None
            return [("lost", "mismatch")]
        return []
