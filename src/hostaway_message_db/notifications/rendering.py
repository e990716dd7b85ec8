"""A notice as plain text and as HTML."""

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from hostaway_message_db.notifications.notice import Notice, NoticeKind

_COLOURS = {
    NoticeKind.FAILURE: "#b42318",
    NoticeKind.RECOVERY: "#1a7f37",
    NoticeKind.SUMMARY: "#3b5bdb",
}
_templates = Environment(
    loader=PackageLoader("hostaway_message_db", "notifications/templates"),
    autoescape=select_autoescape(["html.jinja"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def to_text(notice: Notice) -> str:
    """Return a notice as plain text."""
    return _templates.get_template("notice.txt.jinja").render(notice=notice) + "\n"


def to_html(notice: Notice) -> str:
    """Return a notice as a page of HTML, whose every value is escaped."""
    template = _templates.get_template("notice.html.jinja")
    return template.render(notice=notice, colour=_COLOURS[notice.kind]) + "\n"
