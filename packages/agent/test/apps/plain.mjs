// Says who serves.
import http from 'node:http';

const server = http.createServer((req, res) => {
  res.end(`${process.env.GRAYLANE_VERSION} serves`);
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send('ready'));
