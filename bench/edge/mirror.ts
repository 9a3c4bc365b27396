// A mirror of the benchmark on the Unix socket PORT: it takes MS milliseconds for each answer; 0 gives none ever.

import { createServer } from 'node:http';

const { PORT = '', MS = '0' } = process.env;
createServer((_request, response) => {
  if (MS !== '0') setTimeout(() => response.end('late'), Number(MS));
}).listen(PORT);
