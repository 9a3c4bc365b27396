// Jobs of BullMQ. A job has no headers, but a place for what tracing carries along (`opts.telemetry.metadata`, JSON of a
// carrier's headers); the stamp goes there, beside whatever OpenTelemetry has put in.

import { setOwn } from '../internals.ts';
import { fieldOf, prototypeOf, recordOf } from './amqplib.ts';
import { isMethod } from './bound.ts';
import type { Patch } from './loaded-modules.ts';
import type { Messages } from './messages.ts';

export function bullmq(messages: Messages): readonly Patch[] {
  return ['cjs', 'esm'].flatMap((build): Patch[] => [
    { file: `bullmq/dist/${build}/classes/job.js`, exported: 'Job', apply: (exports) => stampJobs(Reflect.get(exports, 'Job'), messages) },
    { file: `bullmq/dist/${build}/classes/flow-producer.js`, exported: 'FlowProducer', apply: (exports) => stampFlows(prototypeOf(Reflect.get(exports, 'FlowProducer')), messages) },
    { file: `bullmq/dist/${build}/classes/worker.js`, exported: 'Worker', apply: (exports) => enterJobs(prototypeOf(Reflect.get(exports, 'Worker')), messages) },
  ]);
}

/** `Job.create(queue, name, data, opts)` and `Job.createBulk(queue, jobs)`. */
function stampJobs(job: unknown, messages: Messages): void {
  if (!isMethod(job)) return;
  wrap(job, 'create', ([queue, name, data, opts, ...rest]) => [queue, name, data, stampedOptions(opts, messages), ...rest]);
  wrap(job, 'createBulk', ([queue, jobs, ...rest]) => [queue, Array.isArray(jobs) ? jobs.map((one: unknown) => withOptions(one, messages)) : jobs, ...rest]);
}

/** Each node of a flow becomes a job by itself. */
function stampFlows(producer: object | null, messages: Messages): void {
  if (producer === null) return;
  wrap(producer, 'addNode', ([options, ...rest]) => [{ ...recordOf(options), node: withOptions(fieldOf(options, 'node'), messages) }, ...rest]);
}

function enterJobs(worker: object | null, messages: Messages): void {
  const process: unknown = worker === null ? null : Reflect.get(worker, 'callProcessJob');
  if (worker === null || !isMethod(process)) return;
  setOwn(worker, 'callProcessJob', function (this: object, ...args: unknown[]): unknown {
    const carrier = carrierOf(fieldOf(args[0], 'opts'));
    return messages.consume((name) => fieldOf(carrier, name), process, this, args);
  });
}

function wrap(holder: object, name: string, change: (args: unknown[]) => unknown[]): void {
  const inherited: unknown = Reflect.get(holder, name);
  if (!isMethod(inherited)) return;
  setOwn(holder, name, function (this: object, ...args: unknown[]): unknown {
    return inherited.apply(this, change(args));
  });
}

function withOptions(job: unknown, messages: Messages): unknown {
  return typeof job === 'object' && job !== null ? { ...job, opts: stampedOptions(fieldOf(job, 'opts'), messages) } : job;
}

function stampedOptions(options: unknown, messages: Messages): unknown {
  const carrier = carrierOf(options);
  const added = messages.stamped((name) => fieldOf(carrier, name));
  if (added === null) return options;
  const telemetry = recordOf(fieldOf(options, 'telemetry'));
  return { ...recordOf(options), telemetry: { ...telemetry, metadata: JSON.stringify({ ...carrier, ...added }) } };
}

/** Empty for what is no carrier of ours or OpenTelemetry's. */
function carrierOf(options: unknown): object {
  const metadata = fieldOf(fieldOf(options, 'telemetry'), 'metadata');
  if (typeof metadata !== 'string') return {};
  try {
    return recordOf(JSON.parse(metadata));
  } catch {
    return {};
  }
}
