// Both versions live in this process; strategy.yaml says who gets which, and is read again when it changes.
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createRouter, loadVersion } from 'graylane/modules';

const { default: v1 } = await loadVersion('v1', () => import('./v1/app.js'));
const { default: v2 } = await loadVersion('v2', () => import('./v2/app.js'));
const router = await createRouter({ service: 'checkout', versions: { v1, v2 }, strategy: { file: join(import.meta.dirname, 'strategy.yaml') } });

const server = createServer(router.listener);
server.listen(process.env.PORT ?? 3000, () => console.log(`checkout on ${server.address().port}`));
