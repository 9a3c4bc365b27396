"""Carries a request's lane on to the requests that it causes: all that a service without an agent has to do."""

from urllib.request import Request, urlopen


def carried(incoming, propagate=("baggage",)):
    return {name: ",".join(incoming.get_all(name)) for name in propagate if name in incoming}


def ask(sidecar, host, path, incoming):
    return urlopen(Request("http://127.0.0.1:%s%s" % (sidecar, path), headers={"Host": host, **carried(incoming)}), timeout=5)
