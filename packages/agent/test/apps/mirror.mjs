// Answers with all that an app sees of a request.
import http from 'node:http';

const version = process.env.GRAYLANE_VERSION ?? 'bare';
const server = http.createServer((req, res) => {
  const { socket } = req;
  const chunks = [];
  req.on('data', (chunk) => chunks.push(chunk));
  req.on('end', () => {
    res.setHeader('Content-Type', 'application/json');
    res.setHeader('X-Version', version);
    res.end(JSON.stringify({
      version,
      method: req.method,
      url: req.url,
      rawHeaders: req.rawHeaders,
      headers: req.headers,
      distinct: req.headersDistinct,
      trailers: req.rawTrailers,
      body: Buffer.concat(chunks).toString(),
      remoteAddress: socket.remoteAddress,
      remoteFamily: socket.remoteFamily,
      remotePort: socket.remotePort,
      localAddress: socket.localAddress,
      localPort: socket.localPort,
      address: socket.address(),
      server: server.address(),
      encrypted: socket.encrypted === true,
    }));
  });
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
