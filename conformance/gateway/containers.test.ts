// examples/containers holds together: the manifests have the shape that Kubernetes and compose ask for, names, ports and labels meet,
// times to drain fit into each other, and the configuration is one that the gateway takes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { gatewayPlan } from '../../packages/graylane/src/config/gateway/section.ts';
import { checkStrategy } from '../../packages/graylane/src/config/strategy.ts';
import { freePort } from './running-gateway.ts';

/** Of kubernetes-models; without its types, which are those of all of Kubernetes. */
type Models = Readonly<Record<string, new (manifest: unknown) => { validate(): void }>>;
const load = async (version: string): Promise<Models> => await import(`kubernetes-models/${version}`) as Models;
const models: Readonly<Record<string, Models>> = { 'apps/v1': await load('apps/v1'), v1: await load('v1') };

const folder = join(import.meta.dirname, '../../examples/containers');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

/** A schema by hand: what each key must be. Functions check, objects descend, `?` may be missing. */
type Schema = ((value: unknown) => boolean) | { readonly [key: string]: Schema } | readonly [Schema];

const text = (value: unknown): boolean => typeof value === 'string' && value !== '';
const name = (value: unknown): boolean => typeof value === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value);
const port = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
const whole = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0;
const truth = (value: unknown): boolean => typeof value === 'boolean';
const any = (): boolean => true;
const portOrName = (value: unknown): boolean => port(value) || name(value);
const labels = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.values(value).every(text);

const METADATA: Schema = { name, 'labels?': labels };
const PROBE: Schema = { 'httpGet?': { path: text, port: portOrName }, 'tcpSocket?': { port: portOrName }, 'periodSeconds?': whole, 'failureThreshold?': whole };
const CONTAINER: Schema = {
  name, image: text, 'env?': [{ name: text, value: text }], ports: [{ name, containerPort: port }], readinessProbe: PROBE, 'livenessProbe?': PROBE,
  'lifecycle?': { preStop: { exec: { command: [text] } } }, resources: { requests: labels, limits: labels },
  securityContext: { allowPrivilegeEscalation: truth, runAsNonRoot: truth, runAsUser: whole }, 'volumeMounts?': [{ name, mountPath: text, 'subPath?': text, 'readOnly?': truth }],
};
const KINDS: Readonly<Record<string, Schema>> = {
  'apps/v1 Deployment': {
    apiVersion: text, kind: text, metadata: METADATA,
    spec: {
      replicas: whole, selector: { matchLabels: labels }, strategy: { rollingUpdate: { maxUnavailable: whole, maxSurge: whole } },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: whole, containers: [CONTAINER], 'volumes?': [{ name, 'configMap?': { name }, 'emptyDir?': any }] } },
    },
  },
  'v1 Service': { apiVersion: text, kind: text, metadata: METADATA, spec: { 'clusterIP?': text, selector: labels, ports: [{ name, port, targetPort: portOrName }] } },
  'v1 ConfigMap': { apiVersion: text, kind: text, metadata: METADATA, data: labels },
};

function faults(value: unknown, schema: Schema, path: string): string[] {
  if (typeof schema === 'function') return schema(value) ? [] : [`${path}: ${JSON.stringify(value)}`];
  if (isList(schema)) return Array.isArray(value) ? value.flatMap((one, i) => faults(one, schema[0], `${path}[${i}]`)) : [`${path} is no list`];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path} is no object`];
  const known = new Map(Object.keys(schema).map((key) => [key.replace('?', ''), key]));
  const unknown = Object.keys(value).filter((key) => !known.has(key)).map((key) => `${path}.${key} is unknown`);
  const missing = [...known].filter(([key, full]) => !full.endsWith('?') && !Object.hasOwn(value, key)).map(([key]) => `${path}.${key} is missing`);
  return [...unknown, ...missing, ...Object.entries(value).flatMap(([key, member]) => faults(member, schema[known.get(key) ?? ''] ?? any, `${path}.${key}`))];
}

function isList(schema: Schema): schema is readonly [Schema] {
  return Array.isArray(schema);
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
  readonly spec: {
    readonly selector: Readonly<Record<string, string>> & { readonly matchLabels: Readonly<Record<string, string>> };
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
    readonly clusterIP?: string;
    readonly template: { readonly metadata: { readonly labels: Readonly<Record<string, string>> }; readonly spec: { readonly terminationGracePeriodSeconds: number; readonly containers: readonly { readonly ports: readonly { readonly name: string; readonly containerPort: number }[]; readonly image: string }[] } };
  };
}

const manifests = ['web-v1', 'web-v2', 'gateway'].flatMap((file) => parseAllDocuments(read(`kubernetes/${file}.yaml`)).map((document) => document.toJS() as Manifest));
const ofKind = (kind: string): readonly Manifest[] => manifests.filter((one) => one.kind === kind);
const planOf = (config: string) => {
  const { gateway, ...rest } = parse(config) as { readonly gateway: unknown };
  const { document } = checkStrategy(rest, { runnable: false });
  return { document, plan: gatewayPlan({ document, section: gateway, base: folder, place: (pointer) => ({ file: 'graylane.config.yaml', pointer }) }) };
};

/** Throws on what the schema of Kubernetes does not allow; keys that it does not know it lets pass. */
function checkByKubernetes(manifest: Manifest): void {
  const kind = models[manifest.apiVersion]?.[manifest.kind];
  if (kind === undefined) throw new Error(`no schema for ${manifest.apiVersion} ${manifest.kind}`);
  new kind(manifest).validate();
}

void test('every manifest is one by the schemas of Kubernetes itself', () => {
  for (const manifest of manifests) checkByKubernetes(manifest);
  const [deployment] = structuredClone(ofKind('Deployment'));
  assert.ok(deployment !== undefined);
  Object.assign(deployment.spec.template.spec.containers[0] ?? {}, { ports: [{ name: 'http', containerPort: 'http' }] });
  assert.throws(() => checkByKubernetes(deployment), /containerPort must be integer/);
});

void test('every manifest has the shape of its kind, and nothing that the kind does not know', () => {
  assert.ok(manifests.length >= 7);
  for (const one of manifests) {
    const schema = KINDS[`${one.apiVersion} ${one.kind}`];
    assert.ok(schema !== undefined, `${one.apiVersion} ${one.kind}`);
    assert.deepEqual(faults(one, schema, one.metadata.name), []);
  }
  assert.notDeepEqual(faults({ ...manifests[0], spec: { replicas: 'two' } }, KINDS['apps/v1 Deployment'] as Schema, 'broken'), []);
});

void test('services find their pods, and pods have the ports that services name', () => {
  for (const service of ofKind('Service')) {
    const wanted = Object.entries(service.spec.selector);
    const pods = ofKind('Deployment').filter(({ spec }) => wanted.every(([key, value]) => spec.template.metadata.labels[key] === value));
    assert.equal(pods.length, 1, service.metadata.name);
    const names = pods.flatMap(({ spec }) => spec.template.spec.containers.flatMap(({ ports }) => ports.map((one) => one.name)));
    for (const { targetPort } of service.spec.ports) assert.ok(names.includes(targetPort));
  }
  for (const { spec } of ofKind('Deployment')) for (const [key, value] of Object.entries(spec.selector.matchLabels)) assert.equal(spec.template.metadata.labels[key], value);
});

void test('both configurations are taken by the gateway, say the same, and name what is there', () => {
  const [compose, cluster] = [planOf(read('graylane.config.yaml')), planOf(ofKind('ConfigMap')[0]?.data['graylane.config.yaml'] ?? '')];
  assert.deepEqual(compose.document.releases, cluster.document.releases);
  assert.deepEqual([compose.plan.places, compose.plan.workers, compose.plan.drainMs], [cluster.plan.places, cluster.plan.workers, cluster.plan.drainMs]);
  const headless = new Map(ofKind('Service').filter(({ spec }) => spec.clusterIP === 'None').map(({ metadata, spec }) => [metadata.name, spec.ports[0]?.port]));
  const project = parse(read('compose.yaml'), { merge: true }) as { readonly services: Readonly<Record<string, unknown>> };
  for (const [{ plan }, domain] of [[compose, ''], [cluster, '.default.svc.cluster.local']] as const) {
    for (const target of Object.values(plan.edge.services[0]?.versions ?? {}).flat()) {
      assert.ok('host' in target.place && target.place.host.endsWith(domain));
      const short = target.place.host.slice(0, target.place.host.length - domain.length);
      assert.equal(headless.get(short), target.place.port);
      assert.ok(Object.hasOwn(project.services, short));
    }
  }
});

void test('whoever is asked to end has the time for it', () => {
  const { plan } = planOf(read('graylane.config.yaml'));
  const gateway = ofKind('Deployment').find(({ metadata }) => metadata.name === 'graylane-gateway');
  const pause = Number(/sleep, '(\d+)'/.exec(read('kubernetes/gateway.yaml'))?.[1]);
  assert.ok((gateway?.spec.template.spec.terminationGracePeriodSeconds ?? 0) * 1000 > plan.drainMs + pause * 1000);
  const project = parse(read('compose.yaml'), { merge: true }) as { readonly services: Readonly<Record<string, { readonly stop_grace_period: string; readonly healthcheck: object }>> };
  assert.ok(Number.parseInt(project.services['gateway']?.stop_grace_period ?? '0', 10) * 1000 > plan.drainMs);
  for (const service of Object.values(project.services)) assert.ok(/^\d+s$/.test(service.stop_grace_period) && typeof service.healthcheck === 'object');
});

void test('on SIGTERM the app says that it goes, answers on, and ends by itself', { timeout: 20_000 }, async () => {
  const at = await freePort();
  const app = spawn(process.execPath, [join(folder, 'app/server.js')], { env: { ...process.env, PORT: String(at), VERSION: 'v7', NOTICE_MS: '300' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(app, 'close');
  await once(app.stdout, 'data');
  const ask = async (path: string): Promise<readonly [number, string]> => {
    const response = await fetch(`http://127.0.0.1:${at}${path}`);
    return [response.status, await response.text()];
  };
  assert.deepEqual([await ask('/'), (await ask('/healthz'))[0]], [[200, 'v7\n'], 200]);
  app.kill('SIGTERM');
  while ((await ask('/healthz'))[0] !== 503);
  assert.deepEqual(await ask('/'), [200, 'v7\n']);
  assert.deepEqual((await ended)[0], 0);
});
