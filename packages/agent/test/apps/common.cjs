// A CommonJS app, as most are.
const http = require('node:http');

const server = http.createServer((req, res) => res.end(`common ${process.env.GRAYLANE_VERSION} ${req.url}`));
server.listen(process.env.PORT, '127.0.0.1');
