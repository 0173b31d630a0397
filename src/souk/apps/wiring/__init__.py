"""What each wing brings into a process: its services, routes, handlers, schedules and tasks.

One module a wing. Each function takes the core and the wings below, and constructs; nothing here
does I/O.
"""
