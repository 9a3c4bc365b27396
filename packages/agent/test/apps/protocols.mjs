// One server of each kind that Node has, told by KIND; answers with what an app sees of its client.
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';

const version = process.env.GRAYLANE_VERSION ?? 'bare';
const key = readFileSync(new URL('tls/key.pem', import.meta.url));
const cert = readFileSync(new URL('tls/cert.pem', import.meta.url));

function seen(socket, request) {
  const certificate = socket.getPeerCertificate?.();
  return {
    version,
    ...request,
    remoteAddress: socket.remoteAddress,
    remotePort: typeof socket.remotePort,
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    encrypted: socket.encrypted === true,
    established: socket._secureEstablished === true,
    authorized: socket.authorized,
    authorizationError: socket.authorizationError?.message ?? socket.authorizationError,
    alpn: socket.alpnProtocol,
    servername: socket.servername,
    protocol: socket.getProtocol?.(),
    cipher: socket.getCipher?.(),
    subject: certificate?.subject,
    fingerprint: certificate?.fingerprint256,
    x509: socket.getPeerX509Certificate?.()?.subject,
  };
}

const answer = (req, res) => {
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    res.setHeader('X-Version', version);
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify(seen(req.socket, { http: req.httpVersion, method: req.method, url: req.url, headers: req.headers, raw: req.rawHeaders, body: Buffer.concat(chunks).toString() })));
  });
};

const stream = (stream, headers, flags, raw) => {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'x-version': version }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': String(chunks.length > 0) }));
    stream.end(JSON.stringify(seen(stream.session.socket, { method: headers[':method'], url: headers[':path'], headers, raw, body: Buffer.concat(chunks).toString() })));
  });
};

const kinds = {
  https: () => https.createServer({ key, cert, requestCert: true, rejectUnauthorized: false, ca: cert }, answer),
  h2: () => http2.createSecureServer({ key, cert, allowHTTP1: true }, answer),
  h2c: () => http2.createServer(answer),
  'h2-raw': () => http2.createSecureServer({ key, cert }).on('stream', stream),
};
kinds[process.env.KIND]().listen(Number(process.env.PORT), '127.0.0.1');
