"""Workflows that schedules start (`worker.schedules`): one activity each."""
