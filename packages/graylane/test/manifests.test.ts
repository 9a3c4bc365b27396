// The manifests of examples/fleet: what they say to graylane it understands, what they name is there, and systemd takes the units.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { etcdAddress } from '@graylane/control';
import type { Command } from 'commander';
import { parseAllDocuments } from 'yaml';
import { buildProgram } from '../src/cli/program.ts';
import { joinPlanFrom, type JoinFlags } from '../src/config/join.ts';
import { readSoundStrategy } from '../src/config/strategy.ts';
import { tcpApiFrom, type TcpApiOptions } from '../src/config/tcp-api.ts';

const examples = join(import.meta.dirname, '../../../examples/fleet');

interface Mount { readonly name: string; readonly mountPath: string }
interface Probe { readonly tcpSocket: { readonly port: number } }
interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly containerPort: number }[];
  readonly volumeMounts: readonly Mount[];
  readonly readinessProbe: Probe;
  readonly livenessProbe?: Probe;
}
interface Labels { readonly [name: string]: string }
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly selector: Labels & { readonly matchLabels?: Labels };
    readonly ports?: readonly { readonly port: number }[];
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: { readonly containers: readonly Container[]; readonly volumes: readonly { readonly name: string }[] } };
  };
}

const documents = parseAllDocuments(readFileSync(join(examples, 'kubernetes.yaml'), 'utf8'));
const manifests = documents.map((document) => document.toJS() as Manifest);
const deployments = manifests.filter(({ kind }) => kind === 'Deployment');

/** Files that a command line names, as files of this test: what is in them is another matter. */
function asFiles(args: readonly string[], folder: string): readonly string[] {
  return args.map((arg) => arg.replace(/(^|=)(\/[\w./-]+)$/, (_whole, before: string, path: string) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'of this test');
    return `${before}${file}`;
  }));
}

/** What graylane takes a command line for. Throws as the command does when something is wrong with it. */
function understood(args: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'graylane-manifest-'));
  try {
    const [name = '', ...rest] = asFiles(args, folder);
    const command: Command | undefined = buildProgram().commands.find((one) => one.name() === name);
    assert.ok(command, `there is no graylane ${name}`);
    const { unknown } = command.parseOptions([...rest]);
    assert.deepEqual(unknown, []);
    if (name === 'server') {
      assert.ok(tcpApiFrom(command.opts<TcpApiOptions>(), folder));
      etcdAddress(command.opts<{ readonly store: string }>().store);
    } else {
      assert.ok(joinPlanFrom(command.opts<JoinFlags>(), folder));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('kubernetes.yaml', () => {
  test('is YAML, and has a seed, two deployments and a service', () => {
    assert.deepEqual(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings]), []);
    assert.deepEqual(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`), ['ConfigMap graylane-seed', 'Deployment graylane-server', 'Service graylane', 'Deployment web']);
  });

  test('its seed is a sound strategy', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'graylane-seed-'));
    try {
      const file = join(folder, 'graylane.config.yaml');
      writeFileSync(file, manifests[0]?.data?.['graylane.config.yaml'] ?? '');
      const { document } = await readSoundStrategy(file, { runnable: false });
      assert.deepEqual(Object.keys(document.services), ['web']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  for (const { metadata, spec } of deployments) {
    test(`${metadata.name} selects its own pods, mounts volumes that it has, and probes ports that are open`, () => {
      assert.deepEqual(spec?.template?.metadata.labels, spec?.selector.matchLabels);
      const volumes = spec?.template?.spec.volumes.map(({ name }) => name) ?? [];
      for (const { volumeMounts, ports, readinessProbe, livenessProbe } of spec?.template?.spec.containers ?? []) {
        assert.deepEqual(volumeMounts.map(({ name }) => name).sort(), [...volumes].sort());
        const open = ports.map(({ containerPort }) => containerPort);
        for (const probe of [readinessProbe, ...(livenessProbe === undefined ? [] : [livenessProbe])]) assert.ok(open.includes(probe.tcpSocket.port));
      }
    });

    test(`${metadata.name} says what graylane understands, of files that are mounted`, () => {
      for (const { args, volumeMounts } of spec?.template?.spec.containers ?? []) {
        understood(args.map((arg) => arg.replace('$(POD)', `${metadata.name}-7d9f-x2x`)));
        const files = args.flatMap((arg) => /(?:^|=)(\/[\w./-]+)$/.exec(arg)?.[1] ?? []);
        for (const file of files) assert.ok(volumeMounts.some(({ mountPath }) => file.startsWith(`${mountPath}/`)), file);
      }
    });
  }

  test('machines ask for the servers by the name and port of their service, which the servers answer to', () => {
    const [server, machine] = deployments.map(({ spec }) => spec?.template?.spec.containers[0]?.args ?? []);
    const service = manifests.find(({ kind }) => kind === 'Service');
    const name = server?.find((arg) => arg.startsWith('--api-name='))?.slice('--api-name='.length);
    assert.equal(name?.split('.')[0], service?.metadata.name);
    assert.ok(machine?.includes(`--server=https://${name ?? ''}:${service?.spec?.ports?.[0]?.port ?? 0}`));
    assert.deepEqual(service?.spec?.selector, deployments[0]?.spec?.selector.matchLabels);
  });
});

describe('systemd units', () => {
  const units = ['graylane-server.service', 'graylane-machine.service'].map((name) => join(examples, 'systemd', name));
  const noAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not installed: apt install systemd';

  test('systemd takes them', { skip: noAnalyze }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'graylane-units-'));
    try {
      // It looks whether the program is there.
      const files = units.map((unit) => {
        const file = join(folder, basename(unit));
        writeFileSync(file, readFileSync(unit, 'utf8').replace('/usr/bin/graylane', process.execPath));
        return file;
      });
      const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', ...files], { encoding: 'utf8' });
      assert.equal(`${stdout}${stderr}`.trim(), '');
      assert.equal(status, 0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  for (const unit of units) {
    test(`${basename(unit)} says what graylane understands`, () => {
      const [program, ...args] = /^ExecStart=(.*)$/m.exec(readFileSync(unit, 'utf8'))?.[1]?.split(' ') ?? [];
      assert.equal(program, '/usr/bin/graylane');
      understood(args.map((arg) => arg.replace('%l', 'web-1')));
    });
  }
});
