"""The only door to MQTT: departments are told of work orders, and say that they know.

`broker` speaks MQTT, `relay` sends what the store's outbox holds and takes the receipts.
"""
