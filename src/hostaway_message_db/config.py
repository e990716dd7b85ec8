"""Settings: typed, bounded, described; read once, at the edge.

Read from the environment, then from `.env` in the working directory, then the
defaults here. A wrong configuration is reported whole: every problem with what is
wrong and how to set it.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hostaway_message_db.account_file import read_accounts
from hostaway_message_db.errors import ConfigurationError
from hostaway_message_db.setting_checks import (
    authority_file,
    check_certificate_key_file,
    check_channel_addresses,
    check_mail_address,
    check_web_address,
    contradictions,
    split_addresses,
)
from hostaway_message_db.setting_sources import ENV_FILE, dotenv, environment


class Settings(BaseSettings):
    """Every setting of the product; the field name in capitals is the variable's name."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        case_sensitive=False,
    )

    hostaway_account_id: str = Field(
        default="",
        pattern=r"^\d{0,19}$",
        description="Account id (the client id of the API key); required for a real account.",
    )
    hostaway_api_key: SecretStr = Field(
        default=SecretStr(""),
        description="API key (the client secret); required for a real account.",
    )
    hostaway_accounts_file: Path | None = Field(
        default=None,
        description="TOML file of several accounts ([[account]] with id, key, name); then the two"
        " above are not used.",
    )
    hostaway_base_url: str = Field(
        default="https://api.hostaway.com/v1",
        description="Where the API is; plain http is taken for loopback only.",
    )
    hostaway_request_delay: float = Field(
        default=1.0,
        ge=0,
        le=60,
        description="Least seconds between two request starts; 0.05 is the vendor's published"
        " limit, 0 is unpaced.",
    )
    hostaway_timeout: float = Field(
        default=30.0, gt=0, le=600, description="Seconds that one request may take."
    )
    hostaway_max_retries: int = Field(
        default=5, ge=0, le=20, description="Tries after the first one, for each request."
    )
    hostaway_page_size: int = Field(
        default=500,
        ge=1,
        le=1000,
        description="Rows asked for in one page; what comes back decides the step.",
    )
    hostaway_concurrency: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Requests in flight at most; the delay holds over all of them.",
    )

    mongodb_uri: SecretStr = Field(
        default=SecretStr(""),
        description="Address of a MongoDB 5.0 or later; empty starts the embedded one.",
    )
    mongodb_database: str = Field(
        default="hostaway",
        pattern=r'^[^/\\. "$*<>:|?\x00]{1,63}$',
        description="Name of the database.",
    )
    mongodb_tls_ca_file: Annotated[Path | None, AfterValidator(authority_file)] = Field(
        default=None,
        description="Certificates (PEM) of the authority that MongoDB's certificate must come"
        " from; turns TLS on.",
    )
    mongodb_tls_certificate_key_password: SecretStr = Field(
        default=SecretStr(""),
        description="Password of the private key in MONGODB_TLS_CERTIFICATE_KEY_FILE.",
    )
    mongodb_tls_certificate_key_file: Path | None = Field(
        default=None,
        description="Our certificate and its private key (PEM), for a MongoDB that asks for one;"
        " turns TLS on.",
    )
    mongod_bin: Path | None = Field(
        default=None, description="A mongod to start instead of the packaged one."
    )
    mongod_cache_gigabytes: float = Field(
        default=0.5,
        ge=0.25,
        le=64,
        description="Memory cache of the embedded MongoDB; 0.5 suits a 2 GB machine.",
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="The embedded database's files, the token cache, the pace mark.",
    )

    sync_recent_days: float = Field(
        default=2.0,
        ge=0,
        le=365,
        description="Conversations active within so many days are read again for silent edits.",
    )
    sync_recent_reread_hours: float = Field(
        default=12.0,
        ge=0,
        le=8760,
        description="Each recently active conversation is read again at most this often.",
    )
    sync_reservations_overlap_hours: float = Field(
        default=1.0,
        ge=0,
        le=720,
        description="How far before the reservations' watermark each run reads again.",
    )

    sync_entities: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("messages",),
        description="What a sync brings in, separated by commas: messages (with listings and"
        " reservations), the further entities by name, or all.",
    )
    sync_calendar_days: int = Field(
        default=180, ge=1, le=1095, description="Days ahead that calendars are read, if they are."
    )
    sync_reservation_logs_per_run: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="Changed reservations whose logs a run reads at most, if it reads logs.",
    )

    sync_max_failed_runs: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="A conversation failing in so many runs in a row goes to quarantine.",
    )

    attachments: bool = Field(
        default=True, description="Download the files of messages before their links die."
    )
    attachment_max_megabytes: int = Field(
        default=20, ge=1, le=200, description="A file larger than this is not downloaded."
    )
    attachment_max_per_run: int = Field(
        default=2000, ge=1, le=1_000_000, description="Files that a run downloads at most."
    )
    attachment_types: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(
            "image/*", "audio/*", "video/*", "application/pdf", "text/plain",
            "application/msword", "application/vnd.ms-excel",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        description="Kinds of files that are downloaded, separated by commas.",
    )  # fmt: skip
    audit_retention_days: int = Field(
        default=90,
        ge=0,
        le=3650,
        description="Days that the record of each API call is kept; 0 records none.",
    )
    retention_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="Days after departure, or after the last message without a stay, when guests"
        " are forgotten; 0 keeps everything.",
    )

    enrich_after_sync: bool = Field(
        default=True,
        description="Label new messages after each sync (sentiment, topics, vectors); needs the"
        " extra `nlp`.",
    )

    daily_job_time: str = Field(
        default="01:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="When the daily job is due, in UTC; `schedule` runs it then.",
    )
    daily_job_max_minutes: float = Field(
        default=360.0,
        gt=0,
        le=10_080,
        description="Minutes that a run of the daily job may take; the next one goes on.",
    )
    topics_dir: Path | None = Field(default=None, description="Folder of your words for topics.")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level that is logged."
    )
    log_dir: Path = Field(default=Path("logs"), description="Daily log files, named by date.")
    log_retention_days: int = Field(
        default=30, ge=1, le=3650, description="Days that a log file is kept."
    )

    smtp_host: str = Field(default="", description="Mail server; empty turns mail off.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    smtp_username: str = Field(default="", description="Login at the mail server.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="Password for it.")
    smtp_starttls: bool = Field(default=True, description="Encrypt before logging in.")
    smtp_timeout: float = Field(
        default=30.0, gt=0, le=600, description="Seconds that sending one mail may take in all."
    )
    notify_from: str = Field(
        default="",
        description="Sender of the mails; empty takes SMTP_USERNAME if it is an address, else"
        " the first receiver.",
    )
    notify_to: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Receivers of the mails, separated by commas."
    )
    notify_summary: bool = Field(
        default=False, description="Tell of every daily run, not only of trouble and its end."
    )
    notify_urls: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Further channels as Apprise addresses, separated by spaces or commas.",
    )
    heartbeat_url: SecretStr = Field(
        default=SecretStr(""),
        description="Address to GET after each complete daily job; the service behind it raises"
        " the alarm when that stays away.",
    )

    web_host: str = Field(default="127.0.0.1", description="Address that `serve` listens on.")
    web_port: int = Field(default=8000, ge=0, le=65535, description="Port that `serve` listens on.")
    web_api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys of the REST API, separated by commas; without one, only loopback is"
        " served.",
    )
    webhook_login: str = Field(default="", description="Login that Hostaway's webhooks send.")
    webhook_password: SecretStr = Field(default=SecretStr(""), description="Password for it.")

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator(
        "notify_to", "web_api_keys", "attachment_types", "sync_entities", mode="before"
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("notify_urls", mode="before")
    @classmethod
    def _split_addresses(cls, value: Any) -> Any:
        if isinstance(value, str):
            return split_addresses(value)
        return value

    @field_validator("notify_urls")
    @classmethod
    def _check_notify_urls(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        check_channel_addresses([url.get_secret_value() for url in value])
        return value

    @field_validator("notify_from", "notify_to")
    @classmethod
    def _check_mail_addresses(cls, value: Any) -> Any:
        for address in (value,) if isinstance(value, str) else value:
            check_mail_address(address)
        return value

    @field_validator("heartbeat_url")
    @classmethod
    def _check_heartbeat_url(cls, value: SecretStr) -> SecretStr:
        check_web_address(value.get_secret_value(), "would be asked unencrypted")
        return value

    @field_validator("hostaway_base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        check_web_address(value, "would send the API key unencrypted")
        return value.rstrip("/")

    @field_validator("mongodb_tls_certificate_key_file")
    @classmethod
    def _check_own_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None:
            # The password stands above this field, so it has been read.
            password = info.data.get("mongodb_tls_certificate_key_password", SecretStr(""))
            check_certificate_key_file(value, password.get_secret_value())
        return value

    @field_validator("mongodb_uri")
    @classmethod
    def _check_mongodb_uri(cls, value: SecretStr) -> SecretStr:
        uri = value.get_secret_value()
        if uri and not uri.startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("is no mongodb:// or mongodb+srv:// address")
        return value


def load_settings(*, hostaway_needed: bool = False, **overrides: Any) -> Settings:
    """Read the settings, or raise `ConfigurationError` with all problems at once.

    `hostaway_needed` makes the credentials required: commands that only read the
    store work without them. `overrides` stand above the environment (the demo and the
    command line's options).
    """
    problems: list[str] = []
    settings = None
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        problems += [_problem(detail) for detail in error.errors()]
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{ENV_FILE} cannot be read: {error}")
    if settings is not None and settings.hostaway_accounts_file is not None:
        problems += read_accounts(settings.hostaway_accounts_file)[1]
    elif hostaway_needed:
        problems += _missing_credentials(settings, overrides)
    problems += contradictions({**dotenv(), **environment(), **overrides})
    if problems:
        raise ConfigurationError(problems)
    if settings is None:  # pragma: no cover - a failure above always leaves a problem
        raise ConfigurationError(["the settings could not be read"])
    return settings


def accounts_of(settings: Settings) -> tuple[Settings, ...]:
    """Return the settings for each account: one, or those of HOSTAWAY_ACCOUNTS_FILE."""
    if settings.hostaway_accounts_file is None:
        return (settings,)
    entries, problems = read_accounts(settings.hostaway_accounts_file)
    if problems:
        raise ConfigurationError(problems)
    return tuple(
        settings.model_copy(
            update={"hostaway_account_id": entry.account_id, "hostaway_api_key": entry.api_key}
        )
        for entry in entries
    )


def _problem(detail: Any) -> str:
    name = str(detail["loc"][0]).upper() if detail["loc"] else "settings"
    sentence = str(detail["msg"]).removeprefix("Value error, ")
    field = Settings.model_fields.get(name.lower())
    meaning = f" ({field.description})" if field else ""
    secret = field is not None and "Secret" in str(field.annotation)
    # A key in the place of the account id, or a login in an address, must not be shown.
    secret = secret or name in {"HOSTAWAY_ACCOUNT_ID", "HOSTAWAY_BASE_URL"}
    given = "" if secret else f" is {str(detail.get('input'))[:200]!r}:"
    return f"{name}{given} {sentence}.{meaning}"


def _missing_credentials(settings: Settings | None, overrides: dict[str, Any]) -> list[str]:
    """Name each credential that is absent, also when another setting is wrong."""
    names = ("hostaway_account_id", "hostaway_api_key")
    if settings is None:
        given = {**{k: str(v) for k, v in dotenv().items()}, **environment()}
        values = {name: overrides.get(name) or given.get(name, "") for name in names}
    else:
        values = {
            "hostaway_account_id": settings.hostaway_account_id,
            "hostaway_api_key": settings.hostaway_api_key.get_secret_value(),
        }
    return [
        f"{name.upper()} is not set. ({Settings.model_fields[name].description})"
        for name in names
        if not values[name]
    ]
