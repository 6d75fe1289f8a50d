"""What people see of maps: bars, lines and tables."""
