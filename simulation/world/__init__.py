"""What a simulated desk is given, whatever the policy: its file, its tickets and its people."""
