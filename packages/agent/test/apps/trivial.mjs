// As little as an app can do, so that the agent's share shows.
import http from 'node:http';

http.createServer((req, res) => res.end('hello')).listen(Number(process.env.PORT), '127.0.0.1');
