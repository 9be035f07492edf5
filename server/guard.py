"""Restricts HTTP access to the pages of this server.

Streamlit checks neither Origin nor Host nor a login on custom routes. Each
request must therefore name an allowed Host (a name rebound to 127.0.0.1 is
refused), come from a page of that Host, and carry a token that the page signed
for one run. The key is created at start-up, so tokens end with the process.
"""

import secrets
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from starlette.requests import HTTPConnection

LOOPBACK = ("localhost", "127.0.0.1", "::1")
MAX_AGE = 3600  # seconds a token is valid
LINK_AGE = 7 * 24 * 3600  # the same for uploads, whose token is not renewed while the page is open
SAME_TOKEN = 600  # seconds in which a page gets the same token again


class Refused(Exception):
    """A request that is answered with `status` and one sentence.

    Attributes:
        status: the HTTP status, 400 to 499.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Guard:
    """Signs and checks tokens, and checks the source of requests.

    Args:
        allowed_hosts: gives the names, besides loopback, a Host header may hold;
            `*.example.org` stands for every name below example.org, `*` for any.
        secret: the signing key; a random one by default.
    """

    def __init__(self, allowed_hosts: Callable[[], list[str]] = list, secret: str | None = None) -> None:
        self._allowed_hosts = allowed_hosts
        self._secret = secret or secrets.token_urlsafe(32)
        self._tokens: dict[tuple[str, str], tuple[float, str]] = {}

    def token(self, run_id: str, purpose: str = "read") -> str:
        """Signs a token for one run and one purpose.

        The token stays the same for ten minutes, so that a page that runs every
        second does not send new data to its components each time.

        Args:
            run_id: the run the token opens.
            purpose: what it opens; a token for one purpose fits no other.

        Returns:
            A token that is safe in a URL and good for at least 50 minutes.
        """
        now = time.monotonic()
        signed_at, token = self._tokens.get((run_id, purpose), (0.0, ""))
        if not token or now - signed_at > SAME_TOKEN:
            token = self._serializer(purpose).dumps(run_id)
            self._tokens = {key: value for key, value in self._tokens.items() if now - value[0] <= SAME_TOKEN} | {
                (run_id, purpose): (now, token)
            }
        return token

    def check(
        self, connection: HTTPConnection, run_id: str, purpose: str = "read", max_age: int | None = MAX_AGE
    ) -> None:
        """Checks a request for a run.

        Args:
            connection: the request or WebSocket; its `token` is in the query.
            run_id: the run asked for.
            purpose: what is asked for.
            max_age: seconds that the token is good for; None: until the server ends.

        Raises:
            Refused: 403 for a foreign Host or Origin, 401 for a missing, foreign
                or expired token.
        """
        self.check_source(connection)
        self.check_token(connection.query_params.get("token", ""), run_id, purpose, max_age)

    def check_source(self, connection: HTTPConnection) -> None:
        """Refuses a Host that is not allowed and an Origin other than the Host.

        Args:
            connection: the request or WebSocket.

        Raises:
            Refused: 403.
        """
        host = connection.headers.get("host", "")
        if not self._is_allowed(host):
            raise Refused(403, "This address is not allowed. Add its name to server.allowedHosts.")
        origin = connection.headers.get("origin")
        if origin is not None and _host_of(origin) != host.lower():
            raise Refused(403, "This request comes from another site. Open Traindeck's own page.")

    def check_token(self, token: str, run_id: str, purpose: str = "read", max_age: int | None = MAX_AGE) -> None:
        """Refuses a token that is missing, foreign, for another run or expired.

        Args:
            token: what the request carries.
            run_id: the run asked for.
            purpose: what is asked for.
            max_age: seconds that the token is good for; None: until the server ends.

        Raises:
            Refused: 401.
        """
        if not token:
            raise Refused(401, "The page's token is missing. Open the run in Traindeck first.")
        try:
            signed_for = self._serializer(purpose).loads(token, max_age=max_age)
        except SignatureExpired:
            raise Refused(401, "This link has expired. Reload the page in Traindeck.") from None
        except BadSignature:
            raise Refused(401, "This link is not valid here. Reload the page in Traindeck.") from None
        if signed_for != run_id:
            raise Refused(401, "The page's token belongs to another run. Reload the page.")

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret, salt=f"traindeck.{purpose}")

    def _is_allowed(self, host: str) -> bool:
        try:
            parts = urlsplit(f"//{host}")
            name = (parts.hostname or "").rstrip(".")
            _ = parts.port  # raises where it is not a number
        except ValueError:
            return False
        if not name or parts.netloc != host or "@" in host:
            return False
        patterns = [pattern.strip().lower().rstrip(".") for pattern in self._allowed_hosts()]
        return any(
            pattern == "*" or name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:]))
            for pattern in (*LOOPBACK, *patterns)
        )


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # such as "http://[": not a URL
        return None


def _configured_hosts() -> list[str]:
    from streamlit import config

    return list(config.get_option("server.allowedHosts") or [])


guard = Guard(_configured_hosts)
"""The process's guard: pages sign with it, routes check with it."""
