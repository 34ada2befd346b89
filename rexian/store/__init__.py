"""The only door to the database: SQLite by default, PostgreSQL by its URL.

The database is fed from the journal and can be rebuilt from it. `store` is what the rest of the house
uses; nobody else knows SQL.
"""
