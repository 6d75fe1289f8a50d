"""What happens when a container starts: a personal HTCondor pool, or none, beside a command.

Standard library only (but for the HTCondor bindings, which `readiness` imports when it asks).
"""
