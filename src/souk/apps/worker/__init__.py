"""The worker process: `python -m souk.apps.worker`. Events, schedules, and the wings' own tasks."""
