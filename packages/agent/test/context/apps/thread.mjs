// A worker thread that is handed what to carry.
import { parentPort, workerData } from 'node:worker_threads';

const { lane, tags, run } = await import(process.env.CONTEXT_API);
const sent = async (url) => (await (await fetch(url)).json()).baggage;
const { carried, own, foreign } = workerData;

parentPort.postMessage([lane(), await run(carried, async () => [lane(), tags(), await sent(own), await sent(foreign)])]);
