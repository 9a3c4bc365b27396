// Breaks something under the agent's feet, told by FAULT: what it needs of Node behaves as no one expects.
import { subscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import net from 'node:net';
import { syncBuiltinESMExports } from 'node:module';

const broken = () => {
  throw new Error('injected');
};

switch (process.env.FAULT) {
  case 'a private socket that cannot be opened':
    net.createServer = broken;
    break;
  case 'a server whose events cannot be seen': {
    const { createServer } = http;
    http.createServer = (...args) => {
      const server = createServer(...args);
      return Object.defineProperty(server, 'emit', { value: server.emit, writable: false, configurable: false });
    };
    break;
  }
  case 'a request that cannot be read':
    // Node itself does not look at it; routing does, before any listener of the server.
    subscribe('http.server.request.start', ({ request }) => Object.defineProperty(request, 'url', { get: broken }));
    break;
}
syncBuiltinESMExports();
