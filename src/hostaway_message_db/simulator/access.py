"""Tokens and the rate limit of the account (API reference 3, 5)."""

import base64
import math
from collections import deque

from hostaway_message_db.simulator.clock import monotonic_seconds, unix_seconds
from hostaway_message_db.simulator.dice import Dice
from hostaway_message_db.simulator.switches import Switches
from hostaway_message_db.simulator.wire import Row, encode

TOKEN_SECONDS = 63_158_400  # 731 days, seen (API reference 3)


class Tokens:
    """The tokens this Hostaway has given out; older ones stay valid beside newer ones."""

    def __init__(self, account_id: str, seed: int) -> None:
        self._account_id = account_id
        self._seed = seed
        self._made = 0
        self._issued: dict[str, float] = {}

    def mint(self) -> Row:
        """Return the answer of the token endpoint, not enveloped (API reference 3)."""
        self._made += 1
        issued = int(unix_seconds())
        dice = Dice(self._seed, self._made, issued)
        claims = {
            "aud": self._account_id,
            "jti": f"{dice.roll():016x}{dice.roll():016x}",
            "iat": issued,
            "nbf": issued,
            "exp": issued + TOKEN_SECONDS,
            "sub": "",
            "scopes": ["general"],
        }
        signature = b"".join(dice.roll().to_bytes(8, "big") for _ in range(32))
        head = encode({"typ": "JWT", "alg": "RS256"})
        token = ".".join(_base64(part) for part in (head, encode(claims), signature))
        self._issued[token] = monotonic_seconds()
        return {"token_type": "Bearer", "expires_in": TOKEN_SECONDS, "access_token": token}

    def revoke(self, token: str) -> None:
        """Forget a token."""
        self._issued.pop(token, None)

    def expire_all(self) -> int:
        """Expire every token; return how many that were."""
        count = len(self._issued)
        self._issued.clear()
        return count

    def accepts(self, authorization: str, switches: Switches) -> bool:
        """Tell whether the header carries a valid token (API reference 3)."""
        kind, _, token = authorization.partition(" ")
        issued = self._issued.get(token.strip())
        if kind.lower() != "bearer" or issued is None:
            return False
        age = monotonic_seconds() - issued
        return not switches.refuse_young_tokens or age >= switches.young_token_seconds


def _base64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


class RateLimit:
    """A sliding window over the requests of the account; refused ones do not count."""

    def __init__(self) -> None:
        self._starts: deque[float] = deque()

    def admit(self, switches: Switches) -> bool:
        """Count a request, or refuse it."""
        limit = switches.rate_limit_requests
        if limit is None:
            return True
        now = monotonic_seconds()
        while self._starts and self._starts[0] <= now - switches.rate_limit_window_seconds:
            self._starts.popleft()
        if len(self._starts) >= limit:
            return False
        self._starts.append(now)
        return True

    def headers(self, switches: Switches) -> dict[str, str]:
        """Return the headers of a refusal in the style of the switch."""
        wait = switches.rate_limit_window_seconds
        if self._starts:
            wait = max(0.0, self._starts[0] + wait - monotonic_seconds())
        return rate_limit_headers(
            switches.rate_limit_headers, switches.rate_limit_requests or 200, wait
        )


def rate_limit_headers(style: str, limit: int, wait: float) -> dict[str, str]:
    """Return the headers of a 429; the retry stamp is Unix seconds (API reference 5)."""
    if style == "none":
        return {}
    if style == "retry_after_seconds":
        return {"Retry-After": str(math.ceil(wait))}
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Retry-After": str(math.ceil(unix_seconds() + wait)),
        "X-RateLimit-Applied": "account",
    }
