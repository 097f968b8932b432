"""What every part of infra stands on: settings, endpoints, topics, what this machine must have."""
