# needs: pymongo
# faulty: MongoClient
"""A client whose server is not there, which it says, and which is closed; the faulty twin does not close it."""

import sys

from pymongo import MongoClient
from pymongo.errors import ServerSelectionTimeoutError

FAULTY = sys.argv[1:] == ["faulty"]
client = MongoClient("127.0.0.1:9", serverSelectionTimeoutMS=300)
try:
    client.shop.things.find_one()
except ServerSelectionTimeoutError as error:
    print(type(error).__name__)
if not FAULTY:
    client.close()
