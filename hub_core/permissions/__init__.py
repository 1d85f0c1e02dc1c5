"""The one place that decides who may do what with a repository."""

from hub_core.permissions.policy import Permission, Resource, can, require, visible_to

__all__ = ["Permission", "Resource", "can", "require", "visible_to"]
