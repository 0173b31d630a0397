"""Durable workflows on DBOS: steps that are each done once, whatever dies in between."""

from souk.infra.workflows.engine import Step, Workflow, Workflows

__all__ = ["Step", "Workflow", "Workflows"]
