"""What the pytest plugin (`hookproof.pytest_plugin`) imports once there is a scenario to collect or to play."""
