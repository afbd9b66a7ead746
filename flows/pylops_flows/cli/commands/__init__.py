"""The commands of ``pld``, one a file; ``pylops_flows.cli.command_table`` lists them."""
