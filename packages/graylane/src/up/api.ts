// The API of a running supervisor: the control plane's, and beside it the processes'. On its Unix socket always, on TCP when
// somebody asks for it.

import { API_PREFIX, apiApp, ControlError, listenOnSocket, listenOnTcp, problemResponse, socketGuard, systemClock, tcpGuard, type ApiApp, type ControlPlane, type Guard, type Listening } from '@graylane/control';
import type { TcpApi } from '../config/tcp-api.ts';
import { exit, Failure } from '../print/failure.ts';
import { asFailure } from '../print/thrown.ts';
import type { Processes } from './processes.ts';

const PROCESSES_PATH = `${API_PREFIX}/processes`;

/** `processes` null: nothing is run here. */
export function serveApi(plane: ControlPlane, processes: Processes | null, socket: string): Promise<Listening> {
  return listenOnSocket(appOf(plane, processes, socketGuard), socket);
}

export interface TcpDoor extends Listening {
  /** What answers from now on; before, everybody is told to come again. */
  serve(plane: ControlPlane, processes: Processes | null): void;
}

/** Opens the port at once, so that a taken one is known before anything is started. Throws Failure. */
export async function openTcpDoor({ host, port, names, tls }: TcpApi): Promise<TcpDoor> {
  let app: ApiApp | null = null;
  const hosts = new Set<string>();
  const starting: ApiApp = { fetch: () => problemResponse(new ControlError('GL3020', { detail: 'graylane is still starting', fix: 'try again in a moment' })) };
  const listening = await listenOnTcp({ fetch: (request) => (app ?? starting).fetch(request) }, host, port, tls).catch((error: unknown) => {
    throw error instanceof ControlError ? error : new Failure({ code: 'GL2004', message: `the API cannot be opened on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`, fix: 'end what holds the port, or name another one' }, exit.failed, error);
  });
  const usual = tls === null ? 80 : 443;
  for (const name of names) {
    hosts.add(`${name}:${listening.port}`);
    if (listening.port === usual) hosts.add(name);
  }
  return {
    port: listening.port, close: () => listening.close(),
    serve: (plane, processes) => { app = appOf(plane, processes, tcpGuard({ hosts, holder: (token) => plane.tokens.holder(token) })); },
  };
}

function appOf(plane: ControlPlane, processes: Processes | null, guard: Guard): ApiApp {
  const control = apiApp({ plane, clock: systemClock, guard });
  return { fetch: (request) => (processes !== null && isForProcesses(request) ? guarded(processes, request, guard) : control.fetch(request)) };
}

/** Of a machine that follows a server: its processes, and for everything else a word where to ask. */
export function processesApp(processes: Processes, servers: readonly string[]): ApiApp {
  return {
    fetch: (request) => {
      if (isForProcesses(request)) return answer(processes, request);
      if (new URL(request.url).pathname === '/livez') return new Response('ok\n');
      return problem(409, 'GL0083', 'this machine follows a server, which knows the strategy', 1, { fix: `ask there: --server ${servers[0] ?? ''}` });
    },
  };
}

async function guarded(processes: Processes, request: Request, guard: Guard): Promise<Response> {
  try {
    await guard.check(request, request.method === 'GET' ? 'read' : 'operate');
  } catch (error) {
    return problemResponse(error);
  }
  return answer(processes, request);
}

function isForProcesses(request: Request): boolean {
  const { pathname } = new URL(request.url);
  return pathname === PROCESSES_PATH || pathname.startsWith(`${PROCESSES_PATH}/`);
}

const PARAMETERS: ReadonlySet<string> = new Set(['of', 'workers']);

/** `GET /processes`, `POST /processes/reload?of=NAME`, `POST /processes/scale?of=NAME&workers=N`. */
async function answer(processes: Processes, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const of = searchParams.get('of') ?? 'all';
  const workers = searchParams.get('workers') ?? '';
  const unknown = [...searchParams.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) return problem(400, 'GL3012', `there is no parameter '${unknown.slice(0, 40)}' here`, 2, { fix: 'processes are named by `of`, and counted by `workers`' });
  try {
    switch (`${request.method} ${pathname.slice(PROCESSES_PATH.length)}`) {
      case 'GET ':
        break;
      case 'POST /reload':
        await processes.reload(of);
        break;
      case 'POST /scale':
        // Nothing at all would read as 0, which ends a canary.
        if (!/^\d{1,4}$/.test(workers)) return problem(400, 'GL3012', 'workers must be a whole number', 2, { fix: 'say how many: scale?of=NAME&workers=2' });
        await processes.scale(of, Number(workers));
        break;
      default:
        return problem(404, 'GL3014', 'there is nothing at this address', 1);
    }
    return Response.json(processes.view());
  } catch (thrown) {
    const failure = asFailure(thrown);
    if (!(failure instanceof Failure)) throw thrown;
    const [first] = failure.problems;
    return problem(409, first?.code ?? 'GL9000', first?.message ?? 'failed', failure.exitCode, { fix: first?.fix, lastLines: first?.output });
  }
}

/** RFC 9457, with the fields of the control API. */
function problem(status: number, code: string, detail: string, exitCode: number, more: { readonly fix?: string | undefined; readonly lastLines?: readonly string[] | undefined } = {}): Response {
  return Response.json({ type: `https://graylane.dev/problems/${code}`, title: 'failed', status, code, detail, exitCode, ...more }, { status, headers: { 'content-type': 'application/problem+json' } });
}
