# needs: django
# faulty: file
"""Commands of Django as manage.py runs them, on a database in a file; the faulty twin keeps a file of its own open."""

import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

FAULTY = sys.argv[1:] == ["faulty"]
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": Path("app.db").absolute()}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    LOGGING={"version": 1, "handlers": {"f": {"class": "logging.FileHandler", "filename": "app.log"}}},
)

django.setup()
call_command("check")
call_command("migrate", verbosity=0)

from django.contrib.auth.models import User  # noqa: E402 - not before setup()

User.objects.create(username="ann")
print(User.objects.filter(username__startswith="a").count())
call_command("flush", interactive=False, verbosity=0)
if FAULTY:
    kept = Path("notes").open("w")  # noqa: SIM115 - this is what is to be found
