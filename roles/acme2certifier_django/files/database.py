"""Looks at the database as Django does, and prints what it lacks as JSON.

usage: python3 - HOME SECONDS

Looks again and again until the tables and rows are there, or the seconds are over.
"""

import io
import json
import os
import sys
import time

home, seconds = sys.argv[1], float(sys.argv[2])
os.chdir(home)
sys.path.insert(0, home)
os.environ["DJANGO_SETTINGS_MODULE"] = "acme2certifier.settings"

import django  # noqa: E402

django.setup()

import yaml  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from acme_srv.models import Housekeeping, Status  # noqa: E402
from acme_srv.version import __dbversion__  # noqa: E402


def passes(*command):
    try:
        call_command(*command, stdout=io.StringIO(), stderr=io.StringIO())
    except SystemExit as end:
        return not end.code
    return True


def wanted_rows():
    with open("acme_srv/fixture/status.yaml", encoding="utf8") as file:
        rows = yaml.safe_load(file)
    return {row["fields"]["name"]: row["pk"] for row in rows if row["model"] == "acme_srv.status"}


def look():
    connection.close()
    connection.ensure_connection()
    found = {
        "models": passes("makemigrations", "--check", "--dry-run"),
        "tables": passes("migrate", "--check"),
        "rows": False,
        "foreign": [],
        "version": None,
        "wanted": __dbversion__,
    }
    if found["tables"]:
        have = dict(Status.objects.values_list("name", "id"))
        wanted = wanted_rows()
        found["rows"] = all(have.get(name) == id for name, id in wanted.items())
        found["foreign"] = [name for name, id in wanted.items() if have.get(name, id) != id]
        # No other columns: a model may have one that the table is still to get.
        values = Housekeeping.objects.filter(name="dbversion").values_list("value", flat=True)
        found["version"] = values.first()
    return found


def whole(found):
    return found["tables"] and found["rows"] and found["version"] == found["wanted"]


end = time.monotonic() + seconds
while True:
    problem = None
    try:
        found = look()
    except Exception as error:
        problem = str(error)
        found = {"problem": problem}
    if (problem is None and whole(found)) or time.monotonic() >= end:
        break
    time.sleep(1)
print(json.dumps(found))
if seconds and (problem is not None or not whole(found)):
    sys.exit(f"the database is not as wished: {json.dumps(found)}")
