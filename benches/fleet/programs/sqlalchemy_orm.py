# needs: sqlalchemy
# faulty: sqlalchemy.orm.session.Session|sqlalchemy.engine.base.Connection
"""An ORM on a file database, its engine disposed of; the faulty twin leaves a session with a connection."""

import os
import sys
import tempfile

from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

FAULTY = sys.argv[1:] == ["faulty"]


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


handle, file = tempfile.mkstemp(suffix=".db")
os.close(handle)
engine = create_engine(f"sqlite:///{file}")
Base.metadata.create_all(engine)
for at in range(10):
    with Session(engine) as session, session.begin():
        session.add(User(name=f"user {at}"))
session = Session(engine)
print(len(session.scalars(select(User)).all()))
if not FAULTY:
    session.close()
    engine.dispose()
os.unlink(file)
