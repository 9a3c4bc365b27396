// What a forked process or a thread finds of the agent.
import { parentPort } from 'node:worker_threads';

const found = { brief: process.env.GRAYLANE_AGENT ?? null, agent: Symbol.for('graylane.agent') in globalThis };
if (parentPort === null) process.send(found);
else parentPort.postMessage(found);
