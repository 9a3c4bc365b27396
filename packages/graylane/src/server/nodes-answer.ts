// `GET /api/v1/nodes`: all machines of the fleet, and which servers there are. It must not change anything.

import { API_PREFIX, nodeView, problemResponse, type Guard, type NodesView, type Replica } from '@graylane/control';

/** Null when the request is about something else. */
export function nodesAnswer(request: Request, replica: Replica, guard: Guard): Promise<Response> | null {
  if (new URL(request.url).pathname !== `${API_PREFIX}/nodes` || request.method !== 'GET') return null;
  return answer(request, replica, guard).catch((error: unknown) => problemResponse(error));
}

async function answer(request: Request, replica: Replica, guard: Guard): Promise<Response> {
  await guard.check(request, 'read');
  const nodes = replica.nodes();
  const newest = Math.max(replica.generation, ...nodes.map(({ generation }) => generation));
  const view: NodesView = {
    leader: await replica.leader().catch(() => null), generation: newest, store: replica.storeFault,
    items: nodes.map((node) => nodeView(node, newest)).sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
  return Response.json(view);
}
