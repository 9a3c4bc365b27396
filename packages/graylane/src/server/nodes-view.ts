// All machines of the fleet and which servers there are, as the API answers it. It must not change anything.

import { nodeView, type Replica } from '@graylane/control';
import type { Api } from '@graylane/wire';

export async function nodesView(replica: Replica): Promise<Api<'Nodes'>> {
  const nodes = replica.nodes();
  const newest = Math.max(replica.generation, ...nodes.map(({ generation }) => generation));
  return {
    leader: await replica.leader().catch(() => null), generation: newest, store: replica.storeFault, held: replica.effects.held,
    items: nodes.map((node) => nodeView(node, newest, replica.effects.waits(node))).sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
