"""Carries a request's lane on where a service uses OpenTelemetry anyway. Nothing in here knows of graylane."""

from urllib.request import Request, urlopen

from opentelemetry.propagate import extract, inject


def ask(sidecar, host, path, incoming):
    headers = {"Host": host}
    inject(headers, extract(incoming))
    return urlopen(Request("http://127.0.0.1:%s%s" % (sidecar, path), headers=headers), timeout=5)
