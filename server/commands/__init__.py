"""The sub-commands, one small module per command or pair of commands."""
