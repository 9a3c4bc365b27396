// The floor of what a TLS handshake costs in Node: its own server on TLS_PORT, and nothing behind it.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:tls';

const { TLS_PORT = '0', CERT = '', KEY = '' } = process.env;
createServer({ cert: readFileSync(CERT), key: readFileSync(KEY) }, (socket) => void socket.on('error', () => undefined).resume()).listen(Number(TLS_PORT), '127.0.0.1');
