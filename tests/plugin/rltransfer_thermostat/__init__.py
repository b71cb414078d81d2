"""A thermostat as an environment family for rltransfer."""
