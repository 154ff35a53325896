"""What every page and command is handed: settings, the store, paths. Nothing is global."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from models.documents import Limits

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.tables import AdapterRow
    from models.backends import Backend
    from workbench.desk.reports import Reports


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "curator"


class Settings(BaseSettings):
    """Every setting, from `WORKBENCH_*` variables, then `workbench.toml`, then these defaults."""

    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", toml_file="workbench.toml")

    home: Path = Field(default_factory=lambda: user_data_path("funding-workbench"))
    """Folder of everything the workbench keeps: store, files, converted models."""
    host: str = "127.0.0.1"
    port: int = 7860
    model: str | None = None
    """A name of the catalog or the path of a GGUF file; None is the catalog's default."""
    chains: Path | None = None
    """Folder with NAME/base and NAME/adapter of published models; None is `home`/chains."""
    threads: int | None = None
    """Threads of the model; None is one a core."""
    actor: str = Field(default_factory=_user)
    """Who makes the revisions of this app."""
    train_steps: int | None = None
    """Steps of each phase of a retraining at most; None leaves them to recipe and data."""
    answer_seconds: int = Field(default=300, ge=1)
    """How long a program waits for the model's answer to its question."""
    mcp: bool = False
    """Whether the tools for language models are offered under /gradio_api/mcp."""
    hooks_private: bool = False
    """Whether webhooks may go to this machine and to private networks."""
    public_url: str = ""
    """Address under which browsers reach the app where a proxy stands before it."""
    oidc_issuer: str = ""
    """Address of an OpenID provider whose people may sign in; empty is none."""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_role: Literal["viewer", "curator", "adjudicator", "admin"] = "viewer"
    """Role of an account made by a first sign-in through the provider."""
    train_devices: int | None = Field(default=None, ge=1)
    """GPUs that a retraining uses at most; None is all of the machine."""
    max_bytes: int = Limits().max_bytes
    max_pages: int = Limits().max_pages

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before environment before file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


@dataclass(frozen=True)
class Context:
    """The settings and what follows from them, opened when first asked for."""

    settings: Settings

    @property
    def home(self) -> Path:
        """The data folder."""
        return self.settings.home

    @property
    def files(self) -> Path:
        """Where the documents' own bytes lie."""
        return self.home / "files"

    @property
    def incoming(self) -> Path:
        """Where uploads wait until they are read."""
        return self.home / "incoming"

    @property
    def funders(self) -> Path:
        """The index of funders, once it is made."""
        return self.home / "funders.sqlite3"

    @property
    def chains(self) -> Path:
        """Where the files of published models lie, a folder each."""
        return self.settings.chains or self.home / "chains"

    @property
    def limits(self) -> Limits:
        """How large a file may be."""
        return Limits(max_bytes=self.settings.max_bytes, max_pages=self.settings.max_pages)

    @cached_property
    def engine(self) -> Engine:
        """The store, created and brought to the newest schema."""
        from db.engine import connect
        from db.migrations import upgrade

        engine = connect(self.home / "store.sqlite3")
        upgrade(engine)
        return engine

    @cached_property
    def reports(self) -> Reports:
        """The figures of quality, computed when they are asked for."""
        from workbench.desk.reports import Reports

        return Reports(self.engine)

    def model_in_use(self) -> str | None:
        """What `open_model` opens: the settings' model, else the folder of the adapter in use.

        None is the catalog's default.
        """
        if self.settings.model is not None:
            return self.settings.model
        live = self.adapter_in_use()
        return live.folder if live else None

    def adapter_in_use(self) -> AdapterRow | None:
        """The store's adapter that was promoted last, whatever its base; None is the shipped one.

        One whose folder is gone is passed over.
        """
        from db import adapters
        from db.engine import reading

        with reading(self.engine) as session:
            found = adapters.live_ones(session)
        return next((row for row in found if Path(row.folder).is_dir()), None)

    def open_model(self, model: str | None = None) -> Backend:
        """A model by name or path, by default the one in use; the caller closes it."""
        from models.catalog import open_model

        name = model or self.model_in_use()
        return open_model(name, self.home / "models", self.settings.threads, self.chains)
