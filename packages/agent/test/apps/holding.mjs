// Never answers at /held, and says at /let-go how many of those requests nothing holds any more. Started with --expose-gc.
import http from 'node:http';

let letGo = 0;
const registry = new FinalizationRegistry(() => (letGo += 1));
http.createServer((req, res) => {
  if (req.url === '/held') {
    registry.register(req, undefined);
    res.writeProcessing();
    return;
  }
  globalThis.gc();
  res.end(`let go: ${letGo}`);
}).listen(Number(process.env.PORT), '127.0.0.1');
