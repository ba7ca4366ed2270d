# needs: django
# faulty: sqlite3.Connection|database|file
"""Django answering through its test client with a database; the faulty twin leaves a connection of its own open."""

import os
import sqlite3
import sys

import django
from django.conf import settings
from django.http import JsonResponse
from django.urls import path

FAULTY = sys.argv[1:] == ["faulty"]
KEPT = []
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY=os.urandom(8).hex(),
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
)


def users(request):
    from django.contrib.auth.models import User

    User.objects.create(username=f"user{User.objects.count()}")
    if FAULTY and not KEPT:
        KEPT.append(sqlite3.connect(":memory:"))
    return JsonResponse({"users": User.objects.count()})


urlpatterns = [path("users", users)]
django.setup()
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402

call_command("migrate", verbosity=0)
client = Client()
for _ in range(5):
    print(client.get("/users").content)
connections.close_all()
