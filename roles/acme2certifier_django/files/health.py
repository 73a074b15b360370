"""Asks the server on this host for its directory and prints a problem, if there is one.

usage: python3 - HOST SECONDS

Asks again and again until there is no problem, or the seconds are over.
"""

import json
import ssl
import sys
import time
import urllib.error
import urllib.request

host, seconds = sys.argv[1], float(sys.argv[2])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
)


def problem_of(scheme):
    request = urllib.request.Request(f"{scheme}://127.0.0.1/directory", headers={"Host": host})
    try:
        with opener.open(request, timeout=10) as reply:
            meta = json.load(reply).get("meta", {})
    except urllib.error.HTTPError as error:
        return f"{scheme} answers status {error.code}: {error.read(300).decode(errors='replace')}"
    except Exception as error:
        return f"{scheme} does not answer: {error}"
    check = meta.get("db_check", "not told")
    return None if check == "OK" else f"{scheme} says meta.db_check is {check}"


end = time.monotonic() + seconds
while True:
    problem = problem_of("http") or problem_of("https")
    if problem is None or time.monotonic() >= end:
        break
    time.sleep(0.5)
if problem:
    print(problem)
    if seconds:
        sys.exit(problem)
