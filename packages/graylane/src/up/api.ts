// The API of a running supervisor on its Unix socket: the control plane's, and beside it the processes'.

import { API_PREFIX, apiApp, listenOnSocket, socketGuard, systemClock, type ControlPlane, type Listening } from '@graylane/control';
import { Failure } from '../print/failure.ts';
import { asFailure } from '../print/thrown.ts';
import type { Processes } from './processes.ts';

const PROCESSES_PATH = `${API_PREFIX}/processes`;

/** `processes` null: nothing is run here. */
export function serveApi(plane: ControlPlane, processes: Processes | null, socket: string): Promise<Listening> {
  const control = apiApp({ plane, clock: systemClock, guard: socketGuard });
  return listenOnSocket({ fetch: (request) => (processes !== null && isForProcesses(request) ? answer(processes, request) : control.fetch(request)) }, socket);
}

function isForProcesses(request: Request): boolean {
  const { pathname } = new URL(request.url);
  return pathname === PROCESSES_PATH || pathname.startsWith(`${PROCESSES_PATH}/`);
}

/** `GET /processes`, `POST /processes/reload?of=NAME`, `POST /processes/scale?of=NAME&workers=N`. */
async function answer(processes: Processes, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const of = searchParams.get('of') ?? 'all';
  try {
    switch (`${request.method} ${pathname.slice(PROCESSES_PATH.length)}`) {
      case 'GET ':
        break;
      case 'POST /reload':
        await processes.reload(of);
        break;
      case 'POST /scale':
        await processes.scale(of, Number(searchParams.get('workers')));
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
