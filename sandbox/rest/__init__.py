"""Discord's REST API v10, by subject."""

from sandbox.rest.pipeline import add_rest_routes

__all__ = ["add_rest_routes"]
