"""HTTP beside Streamlit: the live socket, series, downloads, assets and their guard."""

from starlette.middleware import Middleware

from server.first_page import FirstPageMiddleware, first_page
from server.lifespan import lifespan
from server.routes import routes
from server.sessions import SessionLimitMiddleware
from server.settings import refuse_wrong_settings

__all__ = ["lifespan", "middleware", "refuse_wrong_settings", "routes"]

middleware = [Middleware(FirstPageMiddleware, first_page=first_page), Middleware(SessionLimitMiddleware)]
