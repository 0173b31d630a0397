"""The commands of `mp`, one a module; each module's click command is named `command`."""
