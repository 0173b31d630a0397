"""Structured logs on standard error, with secrets masked before anything is written."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal

import structlog

_SECRET_NAMES: Final = re.compile(
    r"password|secret|token|authorization|cookie|api_?key|private|signature", re.IGNORECASE
)
_SECRET_TEXT: Final = re.compile(
    r"vk_[0-9a-z]{4,}_[0-9A-Za-z_-]{6,}"  # API keys
    r"|eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*"  # JSON web tokens
    r"|(?<=[?&]token=)[^&\s\"']+"  # signed addresses
    r"|(?<=/d/)[0-9A-Za-z_.=-]{20,}"  # and those of downloads
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # passwords in addresses
    r"|(?<=password=)\S+"
    r"|srt_[0-9A-Za-z_-]{8,}"  # refresh tokens
)
MASK: Final = "•••"


def mask(text: str) -> str:
    """The text with every secret it is known to hold replaced."""
    return _SECRET_TEXT.sub(MASK, text)


def mask_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: masks by the names of fields, and by the look of values."""
    for name, value in event.items():
        if _SECRET_NAMES.search(name):
            event[name] = MASK
        elif isinstance(value, str):
            event[name] = mask(value)
    return event


def set_up_logs(*, level: str, form: Literal["json", "text"]) -> None:
    """Sends all logs of this process, the libraries' included, through one masked pipeline."""
    shared: list[Any] = [  # structlog's processors have no common type
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_secrets,
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    handler.addFilter(_is_worth_reading)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "asyncio", "alembic", "dbos", "onnxruntime"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def _is_worth_reading(record: logging.LogRecord) -> bool:
    """onnxruntime's quantiser logs every tensor through the root logger."""
    return record.levelno >= logging.WARNING or "onnxruntime" not in record.pathname
