"""The application: routes under /v1, the pages at /, and one shape for everything that goes wrong."""

import logging
import sqlite3
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from api.envelope import Envelope, error_answer
from api.errors import ApiError, LedgerAway
from api.models.errors import ErrorAnswer
from api.routes import assets, holders, log, meters, periods, proofs, status
from api.sources import Sources
from api.version import VERSION
from oracle.errors import LedgerError, SettlementError
from runtime.logs import facts

PAGES = Path(__file__).parent / "pages"
_log = logging.getLogger(__name__)

_ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorAnswer, "description": "the request cannot be answered as it is"},
    "5XX": {"model": ErrorAnswer, "description": "this side's fault, or not now"},
}


def build_app(sources: Sources) -> FastAPI:
    """The application over one ledger."""
    app = FastAPI(
        title="helioracle",
        version=VERSION,
        description="What a metered asset earned, and the proof of every reading. Watt-hours and money are decimal strings.",
        openapi_url="/openapi.json",
        # Their pages load scripts from elsewhere, which the content policy forbids and an offline machine lacks.
        docs_url=None,
        redoc_url=None,
        responses=_ERRORS,
    )
    for module in (assets, meters, periods, holders, proofs, log, status):
        app.include_router(module.router(sources), prefix="/v1")

    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        """The investor's page."""
        return FileResponse(PAGES / "index.html", media_type="text/html; charset=utf-8")

    app.mount("/pages", StaticFiles(directory=PAGES), name="pages")
    _refuse_in_one_shape(app)
    app.add_middleware(Envelope, requests_max=sources.config.requests_max)
    return app


def _refuse_in_one_shape(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    def ours(_request: Request, error: ApiError) -> JSONResponse:
        return error_answer(error.status, error.code, str(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "request"
        return error_answer(400, "bad-request", f"{where}: {first['msg']}")

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        phrase = HTTPStatus(error.status_code).phrase.lower()
        answer = error_answer(
            error.status_code, phrase.replace(" ", "-"), f"{phrase}: {request.method} {request.url.path[:200]}"
        )
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(SettlementError)
    def inconsistent(_request: Request, error: SettlementError) -> JSONResponse:
        return error_answer(500, "ledger-inconsistent", str(error))

    @app.exception_handler(LedgerError)
    @app.exception_handler(sqlite3.OperationalError)
    def away(request: Request, error: Exception) -> JSONResponse:
        _log.warning("the ledger cannot be read", extra=facts(path=request.url.path, error=repr(error)))
        return error_answer(503, LedgerAway.code, "the ledger cannot be read right now; try again")

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> JSONResponse:
        # The server's own layer logs the traceback; nothing of it leaves.
        _log.error("a request failed", extra=facts(path=request.url.path, error=type(error).__name__))
        return error_answer(500, "internal", "this should not have happened; the log of the API has the details")
