"""Sends couriers. The Python standard library, and OpenTelemetry if asked to; one program for all its versions."""

import json
import os
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module

# `carry`, by hand, or `otel`, by OpenTelemetry.
ask = import_module(os.environ.get("CARRY", "carry")).ask
VERSION = os.environ.get("VERSION", "v1")
VEHICLE = {"v1": "bicycle", "android": "scooter", "beijing": "drone"}[VERSION]
OUTBOUND = os.environ["OUTBOUND"]
STORE = os.environ.get("DELIVERY_STORE", ":memory:")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        # The way back up the chain: the sidecar sends it to the version that this very request belongs to.
        with ask(OUTBOUND, "restaurant.internal", "/address", self.headers) as answer:
            pick_up = json.load(answer)
        trip = {"vehicle": VEHICLE, "from": pick_up["address"], "chain": ["delivery " + VERSION, *pick_up["chain"]]}
        with sqlite3.connect(STORE) as store:
            store.execute("create table if not exists trips (what text)")
            store.execute("insert into trips values (?)", (json.dumps(trip),))
        body = json.dumps(trip).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
