// A V8 heap snapshot as flat arrays: nodes, edges and names. Reads the file's own description of its fields. Pure.

export interface HeapGraph {
  readonly count: number;
  /** Per node: index into `types`, index into `strings`, bytes of its own, V8's stable object id. */
  readonly type: Uint8Array;
  readonly name: Uint32Array;
  readonly size: Float64Array;
  readonly id: Float64Array;
  /** Edges of node n are those from `firstEdge[n]` to `firstEdge[n + 1]`. */
  readonly firstEdge: Uint32Array;
  readonly edgeType: Uint8Array;
  readonly edgeName: Uint32Array;
  readonly edgeTo: Uint32Array;
  readonly types: readonly string[];
  readonly edgeTypes: readonly string[];
  readonly strings: readonly string[];
}

/** Throws RangeError when the text is no heap snapshot. */
export function parseSnapshot(text: string): HeapGraph {
  const { snapshot, nodes, edges, strings } = JSON.parse(text) as Partial<RawSnapshot>;
  if (snapshot === undefined || nodes === undefined || edges === undefined || strings === undefined) throw new RangeError('this is no heap snapshot');
  const { node_fields: fields, node_types: [types], edge_fields: edgeFields, edge_types: [edgeTypes] } = snapshot.meta;
  const at = offsets(fields, ['type', 'name', 'id', 'self_size', 'edge_count']);
  const edgeAt = offsets(edgeFields, ['type', 'name_or_index', 'to_node']);
  const count = nodes.length / fields.length;
  const graph = emptyGraph(count, edges.length / edgeFields.length, types, edgeTypes, strings);
  let edge = 0;
  for (let node = 0; node < count; node++) {
    const base = node * fields.length;
    graph.type[node] = nodes[base + at('type')] ?? 0;
    graph.name[node] = nodes[base + at('name')] ?? 0;
    graph.size[node] = nodes[base + at('self_size')] ?? 0;
    graph.id[node] = nodes[base + at('id')] ?? 0;
    graph.firstEdge[node] = edge;
    edge += nodes[base + at('edge_count')] ?? 0;
  }
  graph.firstEdge[count] = edge;
  for (let one = 0; one < edge; one++) {
    const base = one * edgeFields.length;
    graph.edgeType[one] = edges[base + edgeAt('type')] ?? 0;
    graph.edgeName[one] = edges[base + edgeAt('name_or_index')] ?? 0;
    graph.edgeTo[one] = (edges[base + edgeAt('to_node')] ?? 0) / fields.length;
  }
  return graph;
}

interface RawSnapshot {
  readonly snapshot: { readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [readonly string[]]; readonly edge_fields: readonly string[]; readonly edge_types: readonly [readonly string[]] } };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

function emptyGraph(count: number, edges: number, types: readonly string[], edgeTypes: readonly string[], strings: readonly string[]): HeapGraph {
  return {
    count, types, edgeTypes, strings,
    type: new Uint8Array(count),
    name: new Uint32Array(count),
    size: new Float64Array(count),
    id: new Float64Array(count),
    firstEdge: new Uint32Array(count + 1),
    edgeType: new Uint8Array(edges),
    edgeName: new Uint32Array(edges),
    edgeTo: new Uint32Array(edges),
  };
}

function offsets<K extends string>(fields: readonly string[], wanted: readonly K[]): (field: K) => number {
  const places = new Map<string, number>(fields.map((field, index) => [field, index]));
  for (const field of wanted) if (!places.has(field)) throw new RangeError(`this heap snapshot has no field ${field}`);
  return (field) => places.get(field) ?? 0;
}
