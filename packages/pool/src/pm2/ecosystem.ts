// Reading what a PM2 ecosystem file says, as a graylane configuration. Pure: it gets the loaded object, not the file.

/** A version of a service in graylane's own words, as a config document holds it. */
export interface MappedVersion {
  script: string;
  cwd?: string;
  args?: readonly string[];
  interpreter?: string;
  nodeFlags?: readonly string[];
  workers?: number;
  env?: Readonly<Record<string, string>>;
  ready?: { message?: boolean; timeout?: string };
  killTimeout?: string;
  memoryLimit?: string;
  user?: string;
  group?: string;
}

export interface MappedConfig {
  readonly services: Readonly<Record<string, { listen?: number; stable: string; versions: Readonly<Record<string, MappedVersion>> }>>;
}

/** What needs a person: an option without a counterpart, or with a different meaning. */
export interface MappingNote { readonly app: string; readonly option: string; readonly text: string }

export interface Mapping { readonly config: MappedConfig; readonly notes: readonly MappingNote[] }

type Options = Readonly<Record<string, unknown>>;

const FIRST_VERSION = 'v1';
const NAME = /[^A-Za-z0-9._-]/g;

/** `environment`: which `env_*` block to add, as with `--env`. Throws TypeError when it is no ecosystem at all. */
export function fromEcosystem(value: unknown, environment: string | null, cpus: number): Mapping {
  const list = appsOf(value);
  const notes: MappingNote[] = [];
  const services: Record<string, { listen?: number; stable: string; versions: Record<string, MappedVersion> }> = {};
  for (const [index, options] of list.entries()) {
    const name = uniqueName(serviceName(options, index), services);
    const version = mapApp(name, options, environment, cpus, notes);
    if (version === null) continue;
    const port = Number(version.env?.['PORT'] ?? Number.NaN);
    services[name] = { ...(Number.isInteger(port) && port > 0 && port < 65_536 ? { listen: port } : {}), stable: FIRST_VERSION, versions: { [FIRST_VERSION]: version } };
  }
  return { config: { services }, notes };
}

function appsOf(value: unknown): readonly Options[] {
  const apps = isObject(value) && 'apps' in value ? value['apps'] : value;
  const list: readonly unknown[] = Array.isArray(apps) ? apps : [apps];
  const objects = list.filter(isObject);
  if (objects.length === 0 || objects.length !== list.length) throw new TypeError('this is no ecosystem file: it must export `apps`, a list of objects');
  return objects;
}

function mapApp(app: string, options: Options, environment: string | null, cpus: number, notes: MappingNote[]): MappedVersion | null {
  const script = text(options['script']);
  if (script === null) {
    notes.push({ app, option: 'script', text: 'there is none, so this app is left out' });
    return null;
  }
  const interpreter = text(options['interpreter'] ?? options['exec_interpreter']);
  if (interpreter !== null && !isNode(interpreter)) {
    notes.push({ app, option: 'interpreter', text: `${interpreter} is not Node.js, so this app is left out: run it as it is, and put \`graylane gateway\` in front of it` });
    return null;
  }
  const version: MappedVersion = { script };
  const cwd = text(options['cwd']);
  if (cwd !== null) version.cwd = cwd;
  const args = words(options['args']);
  if (args.length > 0) version.args = args;
  mapRuntime(options, version);
  mapCount(app, options, version, cpus, notes);
  mapEnvironment(options, environment, version);
  mapLife(app, options, version, notes);
  for (const [option, note] of Object.entries(WITHOUT_COUNTERPART)) if (OFF_MATTERS.has(option) ? options[option] === false : isSet(options[option])) notes.push({ app, option, text: note });
  for (const option of Object.keys(options)) if (!KNOWN.has(option) && !option.startsWith('env')) notes.push({ app, option, text: 'is not known here and was left out' });
  return version;
}

function mapRuntime(options: Options, version: MappedVersion): void {
  const interpreter = text(options['interpreter'] ?? options['exec_interpreter']);
  if (interpreter !== null && interpreter !== 'node') version.interpreter = interpreter;
  const flags = words(options['node_args'] ?? options['interpreter_args']);
  if (flags.length > 0) version.nodeFlags = flags;
}

function mapCount(app: string, options: Options, version: MappedVersion, cpus: number, notes: MappingNote[]): void {
  const asked = options['instances'];
  const count = asked === 'max' ? 0 : Number(asked ?? 1);
  if (!Number.isInteger(count)) {
    notes.push({ app, option: 'instances', text: `${JSON.stringify(asked)} is no number; one worker was written` });
    return;
  }
  // 0 is all processors, -1 all but one.
  const workers = count > 0 ? count : Math.max(1, cpus + count);
  if (workers !== 1) version.workers = workers;
  if (options['exec_mode'] === 'fork' && workers > 1) notes.push({ app, option: 'exec_mode', text: 'instances of fork mode each bind a port of their own; here all workers share one' });
}

function mapEnvironment(options: Options, environment: string | null, version: MappedVersion): void {
  const env: Record<string, string> = {};
  for (const block of [options['env'], environment === null ? undefined : options[`env_${environment}`]]) {
    if (!isObject(block)) continue;
    for (const [name, value] of Object.entries(block)) if (isScalar(value)) env[name] = String(value);
  }
  if (Object.keys(env).length > 0) version.env = env;
}

function mapLife(app: string, options: Options, version: MappedVersion, notes: MappingNote[]): void {
  const listenTimeout = milliseconds(options['listen_timeout']);
  if (options['wait_ready'] === true || listenTimeout !== null) {
    version.ready = { ...(options['wait_ready'] === true ? { message: true } : {}), ...(listenTimeout === null ? {} : { timeout: `${listenTimeout}ms` }) };
  }
  const killTimeout = milliseconds(options['kill_timeout']);
  if (killTimeout !== null) version.killTimeout = `${killTimeout}ms`;
  const memory = options['max_memory_restart'];
  if (isScalar(memory) && memory !== '') {
    const rss = memorySize(String(memory));
    if (rss === null) notes.push({ app, option: 'max_memory_restart', text: `${String(memory)} could not be read` });
    else version.memoryLimit = rss;
  }
  const user = text(options['uid'] ?? options['user']);
  if (user !== null) version.user = user;
  const group = text(options['gid']);
  if (group !== null) version.group = group;
}

/** Options that have no line of their own here, and why. */
const WITHOUT_COUNTERPART: Readonly<Record<string, string>> = {
  watch: 'is for development: run the script with `node --watch` there',
  cron_restart: 'use `maxLifetime`, which replaces workers one by one without losing a request',
  max_restarts: 'crashes back off exponentially; a canary is given up after 12 in a row, stable never is',
  min_uptime: 'a worker that was ready for 30 s begins with a clean slate',
  restart_delay: 'the back-off grows by itself from 0.1 s to 30 s',
  exp_backoff_restart_delay: 'the back-off grows by itself from 0.1 s to 30 s',
  autorestart: 'a worker that ends is always replaced',
  treekill: 'whatever is left of a worker\'s process group ends with it',
  shutdown_with_message: 'a worker is told by SIGTERM, behind its last request',
  filter_env: 'workers have the environment of `graylane up`: leave out there what they must not see',
  namespace: 'services have no groups: commands name them one by one',
  append_env_to_name: 'a service has one name, whatever its environment',
  out_file: 'logs lie in .graylane/logs, are rotated by themselves, and are read with `graylane logs`',
  error_file: 'logs lie in .graylane/logs, are rotated by themselves, and are read with `graylane logs`',
  log_file: 'logs lie in .graylane/logs, are rotated by themselves, and are read with `graylane logs`',
  merge_logs: 'each worker has a log of its own; `graylane logs` shows them together',
  log_date_format: 'lines are kept as the app writes them',
  time: 'lines are kept as the app writes them',
  pid_file: 'pids are shown by `graylane workers`',
  deploy: 'deployment is not graylane\'s task; point `cwd` to a release folder and `graylane reload`',
  source_map_support: 'use `nodeFlags: ["--enable-source-maps"]`',
  increment_var: 'workers of a version are alike; use GRAYLANE_VERSION and the process id to tell them apart',
  instance_var: 'workers of a version are alike; use GRAYLANE_VERSION and the process id to tell them apart',
};

/** On where nothing is said. */
const OFF_MATTERS: ReadonlySet<string> = new Set(['autorestart', 'treekill']);

/** The last four are about PM2 itself. */
const KNOWN: ReadonlySet<string> = new Set([
  ...Object.keys(WITHOUT_COUNTERPART), 'name', 'script', 'cwd', 'args', 'interpreter', 'exec_interpreter', 'node_args', 'interpreter_args', 'instances', 'exec_mode',
  'wait_ready', 'listen_timeout', 'kill_timeout', 'max_memory_restart', 'uid', 'user', 'gid', 'force', 'vizion', 'pmx', 'automation',
]);

function serviceName(options: Options, index: number): string {
  const name = (text(options['name']) ?? `app-${index}`).replace(NAME, '-').replace(/^[^A-Za-z0-9]+/, '').slice(0, 60);
  return name === '' ? `app-${index}` : name;
}

function uniqueName(name: string, taken: Readonly<Record<string, unknown>>): string {
  for (let suffix = 2; ; suffix++) {
    const candidate = suffix === 2 ? name : `${name}-${suffix - 1}`;
    if (!Object.hasOwn(taken, candidate)) return candidate;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null;
}

function words(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.filter(isScalar).map(String);
  return typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== '') : [];
}

function milliseconds(value: unknown): number | null {
  const match = /^(\d+)(ms|s|m|h)?$/.exec(isScalar(value) ? String(value) : '');
  if (match === null) return null;
  const factors: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  return Number(match[1]) * (factors[match[2] ?? 'ms'] ?? 1);
}

/** `300M` → `300MB`; a bare number is bytes. */
function memorySize(value: string): string | null {
  const match = /^(\d+)\s*([KMG])?B?$/i.exec(value);
  if (match === null) return null;
  const unit = match[2]?.toUpperCase();
  return unit === undefined ? `${match[1] ?? ''}B` : `${match[1] ?? ''}${unit}B`;
}

/** By its name: `node`, `/opt/node-22/bin/node`, `node22`. */
function isNode(interpreter: string): boolean { return /(?:^|\/)node[^/]*$/.test(interpreter); }
function isSet(value: unknown): boolean { return value !== undefined && value !== null && value !== false && value !== ''; }
function isScalar(value: unknown): value is string | number | boolean { return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'; }
function isObject(value: unknown): value is Options { return typeof value === 'object' && value !== null && !Array.isArray(value); }
