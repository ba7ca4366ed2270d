# needs: sqlalchemy
# faulty: sqlalchemy.engine.base.Connection
"""An engine at module level, never disposed, as most have it; the faulty twin keeps a connection checked out."""

import sys

from sqlalchemy import create_engine, text

FAULTY = sys.argv[1:] == ["faulty"]
engine = create_engine("sqlite://")
with engine.begin() as connection:
    connection.execute(text("create table t (a int)"))
    connection.execute(text("insert into t values (1), (2)"))
kept = engine.connect()
print(kept.execute(text("select sum(a) from t")).scalar())
if not FAULTY:
    kept.close()
