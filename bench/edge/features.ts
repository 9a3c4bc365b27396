// What each proxy does of what a gateway for versions needs, by its documentation at the version that the benchmark runs.

const rows: readonly (readonly string[])[] = [
  ['', 'graylane gateway', 'nginx 1.22', 'HAProxy 2.6', 'Caddy 2', 'httpxy 0.5'],
  ['version by user: cookie, header, sticky percentage', 'yes, analysed', 'by maps and split_clients', 'by ACLs', 'by matchers, no sticky share', 'own code'],
  ['changed live, without a reload', 'yes, numbered', 'reload', 'runtime API, in part', 'API', 'own code'],
  ['HTTP/2 to clients', 'ALPN, h2c', 'ALPN, h2c on a port of its own', 'ALPN, h2c', 'ALPN, h2c', 'no'],
  ['HTTP/2 to upstreams', 'yes', 'gRPC only', 'yes', 'yes', 'no'],
  ['gRPC, trailers and all', 'yes', 'yes', 'yes', 'yes', 'no'],
  ['WebSocket on an HTTP/2 stream (RFC 8441)', 'yes', 'no', 'yes', 'yes', 'no'],
  ['certificates changed without a reload', 'yes, a bad one is refused', 'reload', 'runtime API', 'yes, and fetched by ACME', 'no'],
  ['PROXY protocol in', 'v1, v2', 'v1, v2', 'v1, v2', 'v1, v2', 'no'],
  ['active health checks', 'yes', 'commercial edition', 'yes', 'yes', 'no'],
  ['names looked up again by their time to live', 'yes, last good ones kept', 'with a variable or the commercial edition', 'yes', 'yes', 'no'],
  ['mirroring that drops rather than waits', 'yes, counted', 'mirror holds the connection', 'by an agent (SPOA)', 'no', 'no'],
  ['ACME, caching, compression, files', 'no', 'all but ACME', 'cache, compression', 'all', 'no'],
];

export function featureTable(): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}
