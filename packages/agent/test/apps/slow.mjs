// Holds requests until it is told to answer, so that tests decide what is in flight.
import http from 'node:http';

const version = process.env.GRAYLANE_VERSION ?? 'bare';
const held = [];
const server = http.createServer((req, res) => {
  if (req.url !== '/hold') {
    res.end(`${version} ${req.url}`);
    return;
  }
  held.push(res);
  process.send({ held: held.length });
});
process.on('message', ({ answer, close, exit, leave }) => {
  if (answer) for (const res of held.splice(0)) res.end(`${version} held`);
  if (close) server.close(() => process.send({ closed: true }));
  if (exit) process.exit(0);
  if (leave) {
    server.close();
    process.disconnect();
  }
});
server.listen(Number(process.env.PORT), '127.0.0.1');
