"""The one shape of everything that goes wrong."""

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(description="stable name of the error")
    message: str = Field(description="for people: what, where, and what to do")


class ErrorAnswer(BaseModel):
    """The one shape of every 4xx and 5xx."""

    error: ErrorBody
