"""Settings that a run had before it went on with others."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Former(BaseModel):
    """Settings that a run had until it had seen so many images, when they were changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until: int = Field(ge=1)
    settings: dict[str, Any]

    @field_validator("settings")
    @classmethod
    def _as_settings_are(cls, settings: dict[str, Any]) -> dict[str, Any]:
        return {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
