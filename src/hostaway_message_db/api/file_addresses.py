"""From where files may be downloaded. Pure.

The API reference names no host of attachments (7.4): they lie on storage of Hostaway's and
of the channels', under addresses that a guest's message can bring along. So no list of
hosts can be right, and it is the other way round: any public host over https, and never
what only our own network can reach (loopback, private, link-local and other special
addresses), so that an address in a message cannot make us ask a neighbour.
"""

import ipaddress
from urllib.parse import urljoin, urlsplit

from hostaway_message_db.errors import FileRefused

NEVER_RESOLVED = (".invalid", ".example", ".test", ".onion")
"""Top-level names that no public server has (RFC 6761, RFC 7686)."""
HTTPS_PORT = 443


def check_file_address(url: str, *, is_practice: bool) -> None:
    """Take an address that a file may be downloaded from; raises `FileRefused`.

    `is_practice`: the API itself is at a loopback or private address, as the simulator is;
    then files may be there too, without encryption.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise FileRefused("the file's address cannot be read") from error
    if parts.scheme not in ({"https", "http"} if is_practice else {"https"}):
        raise FileRefused(f"the file's address is {parts.scheme or 'nothing'}, not https")
    if not host or parts.username or parts.password:
        raise FileRefused("the file's address names no host, or a login")
    if not is_practice and port not in {None, HTTPS_PORT}:
        raise FileRefused(f"the file's address names port {port}")
    if host.rstrip(".").endswith(NEVER_RESOLVED):
        raise FileRefused(f"no server is called {host}")
    if (address := _literal(host)) is not None and not is_allowed(address, is_practice=is_practice):
        raise FileRefused("the file's address is not a public one")


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        return None


def is_allowed(address: str, *, is_practice: bool) -> bool:
    """Tell whether an IP address may be asked for files."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # The same machine under another name.
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is not None:
            return is_allowed(str(inner), is_practice=is_practice)
    if found.is_link_local or found.is_multicast or found.is_unspecified:
        return False  # Clouds answer with credentials there.
    return found.is_global or (is_practice and (found.is_loopback or found.is_private))


def is_practice_address(base_url: str) -> bool:
    """Tell whether the API itself is at a loopback or private address."""
    host = urlsplit(base_url).hostname or ""
    literal = _literal(host)
    if literal is None:
        return host == "localhost"
    return not ipaddress.ip_address(literal).is_global


def redirected(url: str, location: str) -> str:
    """Return where a redirect leads; raises `FileRefused` when that is no address."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FileRefused("the file's address redirects to what is none") from error
