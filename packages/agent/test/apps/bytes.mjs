// Answers in every way that HTTP/1.1 knows, always the same; it never says which version it is.
import http from 'node:http';

const server = http.createServer({ keepAliveTimeout: 3000 }, (req, res) => {
  const { pathname } = new URL(req.url ?? '/', 'http://localhost');
  switch (pathname) {
    case '/length':
      res.setHeader('X-Method', req.method);
      res.end('hello');
      return;
    case '/chunked':
      res.write('one');
      res.write('two');
      res.end('three');
      return;
    case '/raw':
      res.writeHead(200, 'Fine', ['X-b', '1', 'X-A', '2', 'x-b', '3', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2']);
      res.end();
      return;
    case '/nothing':
      res.writeHead(204).end();
      return;
    case '/unchanged':
      res.writeHead(304, { ETag: '"x"' }).end();
      return;
    case '/trailers':
      res.writeHead(200, req.method === 'HEAD' ? {} : { Trailer: 'X-Sum' });
      res.write('body');
      res.addTrailers({ 'X-Sum': '7' });
      res.end();
      return;
    case '/early':
      res.writeEarlyHints({ link: '</a.css>; rel=preload; as=style' });
      res.end('after hints');
      return;
    case '/big':
      res.end('x'.repeat(3_000_000));
      return;
    case '/events':
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write('data: 1\n\n');
      setImmediate(() => res.end('data: 2\n\n'));
      return;
    case '/echo': {
      const chunks = [];
      req.on('data', (chunk) => chunks.push(chunk));
      req.on('end', () => {
        const body = Buffer.concat(chunks);
        res.end(JSON.stringify({ bytes: body.length, sum: body.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7), headers: req.rawHeaders, trailers: req.rawTrailers }));
      });
      return;
    }
    case '/refuse':
      res.writeHead(413, { Connection: 'close' }).end('too much');
      return;
    case '/destroy':
      res.destroy();
      return;
    case '/cut':
      res.writeHead(200, { 'Content-Length': '10' });
      res.write('half');
      setImmediate(() => res.destroy());
      return;
    case '/closing':
      res.shouldKeepAlive = false;
      res.end('bye');
      return;
    default:
      res.writeHead(404).end();
  }
});
server.on('upgrade', (req, socket, head) => {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n${req.socket.remoteAddress} `);
  socket.write(head);
  socket.pipe(socket);
});
server.listen(Number(process.env.PORT), '127.0.0.1');
