"""The tables. Every change of one needs a migration in migrations/versions; a test compares the two."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigNumber = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers its rows by itself only in a column called INTEGER, which is as big there."""

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("ani", Text),
    Column("dnis", Text),
    Column("started_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("queued_at", BigInteger),
    Column("connected_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("mode", Text),
    Column("menu_path", JSON, nullable=False),
    Column("queue", Text),
    Column("agent", Text),
    Column("seat", Text),
    Column("wait_s", Float),
    Column("ring_s", Float),
    Column("talk_s", Float),
    Column("hold_s", Float),
    Column("acw_s", Float),
    Column("outcome", Text),
    Column("hangup_by", Text),
    Column("hangup_cause", Integer),
    Column("rating", Integer),
    Column("recording", Text),
    Column("source", Text, nullable=False),
    Column("journey", JSON, nullable=False),
    Index(None, "started_at"),
)

orders = Table(
    "orders",
    metadata,
    Column("number", String(12), primary_key=True),
    Column("call_id", Text, ForeignKey("calls.call_id"), nullable=False, unique=True),
    Column("day", Text, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("type", Text),
    Column("category", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("department", Text, nullable=False),
    Column("caller", Text),
    Column("agent", Text),
    Column("queue", Text),
    Column("title", Text, nullable=False),
    UniqueConstraint("day", "serial"),
    Index(None, "created_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigNumber, primary_key=True, autoincrement=True),
    Column("event", Text, nullable=False, unique=True),
    Column("order_number", String(12), ForeignKey("orders.number"), nullable=False),
    Column("department", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("next_at", BigInteger, nullable=False, server_default="0"),
    Column("receipted_at", BigInteger),
    Index(None, "order_number"),
    Index("ix_outbox_waiting", "receipted_at", "next_at"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", BigNumber, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("why", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigNumber, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "at"),
)
