"""The scripted model on loopback: takes the requests of hosts and workers, and hands each to the wire that it is for.

Life: started with the run on a port from the kernel, asked by the hosts and by the jobs' workers in the APIs of its
wires, stopped at the run's end, when whatever is still held is let go of. What is said is the affair of `model.turns`.

Every process on the machine reaches the port. Who does not have the run's key is a stranger: told, and nothing else
comes of it. Who has the key may be a hook as well as the host: a request that is none is refused and told, takes no
step of a script and is no error of the run; if it was the host's, the step that waits for it will say so.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable, Iterable, Mapping

import h11

from hookproof import files
from hookproof.journal import Journal
from hookproof.loopback import HOST, LoopbackServer
from hookproof.model.http import ClientLeftError, Exchange, Request
from hookproof.model.turns import Turns, Wire
from hookproof.records.model import ModelRefused
from hookproof.records.run import Error, Stranger
from hookproof.wire import Sparing

LONGEST_BODY = 64 * 1024 * 1024
"""In bytes."""
MOST_STRANGERS = 100
MOST_REFUSED = 200
"""Records of the kind, so that the journal of a run that is flooded stays readable."""


class ModelServer:
    """All APIs on one port."""

    def __init__(self, turns: Turns, wires: Iterable[Callable[[Turns], Wire]], journal: Journal, key: str) -> None:
        """`key` is what every request must bring, in the header that its API has for that."""
        self.turns = turns
        self._key = key
        self._stranger = Sparing(lambda what: journal.write(Stranger(what=what)), MOST_STRANGERS)
        self._refused = Sparing(
            lambda what, status: journal.write(ModelRefused(status=status, what=what)), MOST_REFUSED
        )
        self._wires = {path: wire for each in wires for wire in [each(turns)] for path in wire.paths}
        self._journal = journal
        self._requests = 0
        self._loopback = LoopbackServer(self._connection)

    async def start(self) -> str:
        """Listen on loopback. Returns the base address, without a path."""
        return f"http://{HOST}:{await self._loopback.start()}"

    async def stop(self) -> None:
        """Close the port and every connection."""
        await self._loopback.stop()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange(reader, writer, lambda headers: LONGEST_BODY if self._is_ours(headers) else 0)
        try:
            while (request := await exchange.request()) is not None:
                await self._dispatch(exchange, request)
        except ClientLeftError:
            pass
        except h11.RemoteProtocolError as error:
            # no key can have come with it
            self._stranger(f"the model server was sent what is not HTTP/1.1: {error}")
        except Exception as error:  # whatever it is, it is told here and not by asyncio on the terminal
            self._journal.write(Error(where="model server", what=f"{type(error).__name__}: {error}"))
        finally:
            exchange.close()

    def _is_ours(self, headers: Mapping[str, str]) -> bool:
        """Whether a request brings the run's key: Anthropic's way, or as a bearer's."""
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        brought = (headers.get("x-api-key", ""), bearer)
        return any(hmac.compare_digest(each.encode(), self._key.encode()) for each in brought)

    async def _dispatch(self, exchange: Exchange, request: Request) -> None:
        query = f"{request.method} {request.path[:200]}"
        if not self._is_ours(request.headers):
            self._stranger(f"a request to the model server without this run's key was refused: {query}")
            await self._answer_error(exchange, 401, "authentication_error", "this run's key is missing")
            return
        if request.size > len(request.body):
            await self._refuse(exchange, 413, f"{query}: a body of {request.size} bytes, {LONGEST_BODY} are the most")
            return
        self._requests += 1
        number = self._requests
        wire = self._wires.get(request.path)
        if request.method != "POST" or wire is None:
            await self._refuse(exchange, 404, f"{query} is not served")
            return
        try:
            reply = wire.read(request, files.parse_json(request.body) if request.body else {})
        except (ValueError, RecursionError) as error:
            await self._refuse(exchange, 400, f"{query}: {error}")
            return
        await reply(exchange, number)

    async def _refuse(self, exchange: Exchange, status: int, what: str) -> None:
        self._refused(what, status=status)
        await self._answer_error(exchange, status, "invalid_request_error", what)

    @staticmethod
    async def _answer_error(exchange: Exchange, status: int, kind: str, what: str) -> None:
        error = {"type": "error", "error": {"type": kind, "message": what}}
        await exchange.answer(json.dumps(error).encode(), status=status)


def refused_requests(journal: Journal) -> list[str]:
    """For whoever has waited in vain: the last request that was none, in a sentence, if there was any."""
    refused = [each for each in journal.of(ModelRefused) if each.status != 404]
    if not refused:
        return []
    more = f"{len(refused)} requests, the last" if len(refused) > 1 else "a request"
    return [f"the model server had refused {more}: {refused[-1].what}"]
