// The five gateways of the table, each as one process with one worker before the same two apps: what they are told, and where they
// listen. It measures nothing.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Start } from '../server.ts';

/** Everything that a contestant stands between. */
export interface Sides {
  /** Of its own, for what it needs on disk. */
  readonly folder: string;
  readonly certificate: { readonly cert: string; readonly key: string; readonly both: string };
  /** Ports of the apps: HTTP/1.1, and HTTP/2 by prior knowledge for the host `h2.test`. */
  readonly app: number;
  readonly http2App: number;
  /** Accepts and never answers. */
  readonly silent: number;
  readonly doors: Doors;
}

/** Ports to listen on; what a contestant cannot do nobody answers on. */
export interface Doors {
  readonly plain: number;
  /** HTTP/2 without TLS, where it needs a port of its own. */
  readonly h2c: number;
  readonly tls: number;
  /** With a PROXY header first. */
  readonly proxied: number;
  /** Mirrors to `silent`. */
  readonly mirrored: number;
}

export const RIVALS = ['graylane gateway', 'nginx', 'HAProxy', 'Caddy', 'httpxy'] as const;
export type Rival = (typeof RIVALS)[number];

/** HTTP/2 by prior knowledge needs a port of its own. */
export const APART: ReadonlySet<Rival> = new Set(['nginx']);

export function startOf(rival: Rival, sides: Sides): Start {
  const { plain } = sides.doors;
  switch (rival) {
    case 'graylane gateway':
      return { command: process.execPath, args: ['--conditions=graylane-source', join(import.meta.dirname, 'whole-front.ts')], env: { SIDES: JSON.stringify(sides) }, listens: plain };
    case 'nginx':
      return { command: 'nginx', args: ['-e', 'stderr', '-p', sides.folder, '-c', written(sides, 'nginx.conf', nginxText(sides))], env: {}, listens: plain };
    case 'HAProxy':
      return { command: 'haproxy', args: ['-db', '-q', '-f', written(sides, 'haproxy.cfg', haproxyText(sides))], env: {}, listens: plain };
    case 'Caddy':
      return { command: 'caddy', args: ['run', '--adapter', 'caddyfile', '--config', written(sides, 'Caddyfile', caddyText(sides))], env: { HOME: sides.folder, XDG_CONFIG_HOME: sides.folder, XDG_DATA_HOME: sides.folder, GOMAXPROCS: '1' }, listens: plain };
    case 'httpxy':
      return { command: process.execPath, args: ['--input-type=module', '-e', httpxyText(sides)], env: {}, listens: plain };
  }
}

function written({ folder }: Sides, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function nginxText({ certificate: { cert, key }, app, http2App, silent, doors, folder }: Sides): string {
  const secured = `listen 127.0.0.1:${doors.tls} ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key};`;
  const toApp = `proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_said;`;
  return `daemon off; ${process.getuid?.() === 0 ? 'user root;' : ''} pid ${folder}/nginx.pid; worker_processes 1; events { worker_connections 1024; }
http {
  access_log off;
  map $http_upgrade $connection_said { default upgrade; '' ''; }
  upstream app { server 127.0.0.1:${app}; keepalive 64; }
  server { ${secured} server_name _; location / { ${toApp} } }
  server { listen 127.0.0.1:${doors.tls} ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key}; server_name h2.test; location / { grpc_pass grpc://127.0.0.1:${http2App}; } }
  server { listen 127.0.0.1:${doors.plain}; location / { ${toApp} } }
  server { listen 127.0.0.1:${doors.h2c} http2; location / { ${toApp} } }
  server { listen 127.0.0.1:${doors.proxied} proxy_protocol; location / { ${toApp} proxy_set_header X-Forwarded-For $proxy_protocol_addr; } }
  server { listen 127.0.0.1:${doors.mirrored}; location / { mirror /copy; ${toApp} } location = /copy { internal; proxy_pass http://127.0.0.1:${silent}; } }
}
`;
}

function haproxyText({ certificate: { both }, app, http2App, doors }: Sides): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend plain
  bind 127.0.0.1:${doors.plain}
  bind 127.0.0.1:${doors.tls} ssl crt ${both} alpn h2,http/1.1
  use_backend two if { hdr(host) -i h2.test }
  default_backend one
frontend proxied
  bind 127.0.0.1:${doors.proxied} accept-proxy
  option forwardfor
  default_backend one
backend one
  option httpchk GET /healthz
  http-reuse always
  server app 127.0.0.1:${app} check inter 500
backend two
  server app 127.0.0.1:${http2App} proto h2
`;
}

function caddyText({ certificate: { cert, key }, app, http2App, doors }: Sides): string {
  const routes = `@two host h2.test
  reverse_proxy @two h2c://127.0.0.1:${http2App}
  reverse_proxy 127.0.0.1:${app} {
    health_uri /healthz
    health_interval 500ms
  }`;
  return `{
  admin off
  auto_https off
  servers 127.0.0.1:${doors.plain} {
    protocols h1 h2c
  }
}
http://:${doors.plain} {
  bind 127.0.0.1
  ${routes}
}
https://site.test:${doors.tls}, https://h2.test:${doors.tls} {
  bind 127.0.0.1
  tls ${cert} ${key}
  ${routes}
}
`;
}

function httpxyText({ app, doors }: Sides): string {
  const httpxy = fileURLToPath(import.meta.resolve('../node_modules/httpxy/dist/index.mjs'));
  return `import { Agent, createServer } from 'node:http';
import { createProxyServer } from ${JSON.stringify(httpxy)};
const proxy = createProxyServer({ agent: new Agent({ keepAlive: true, maxSockets: 128 }), target: 'http://127.0.0.1:${app}', xfwd: true });
proxy.on('error', (error, request, response) => response.destroy());
createServer((request, response) => void proxy.web(request, response)).on('upgrade', (request, socket, head) => proxy.ws(request, socket, {}, head)).listen(${doors.plain}, '127.0.0.1');`;
}
