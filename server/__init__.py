"""HTTP beside Streamlit: live socket, series, downloads, uploads, assets and the guard of them all."""

from starlette.middleware import Middleware

from server.process.lifespan import lifespan
from server.process.page_work import PageWorkMiddleware
from server.process.sessions import SessionLimitMiddleware
from server.process.settings import refuse_wrong_settings
from server.routes import routes

__all__ = ["lifespan", "middleware", "refuse_wrong_settings", "routes"]

middleware = [Middleware(PageWorkMiddleware), Middleware(SessionLimitMiddleware)]
