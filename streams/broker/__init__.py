"""Kafka as the speed layer uses it: clients from settings, positions of groups and logs, Faust's consumer made safe."""
