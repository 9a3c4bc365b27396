// Workers and the machines that they run on, as the API gives them.

export const processRecords = {
  Worker: {
    type: 'object',
    properties: {
      id: { type: 'string' },
      service: { type: 'string' },
      version: { type: 'string' },
      role: { type: 'string', enum: ['stable', 'canary'] },
      pid: { type: 'integer' },
      state: { type: 'string' },
      ready: { type: 'boolean' },
      generation: { type: 'integer' },
      startedAt: { type: 'string' },
      restarts: { type: 'integer', description: 'Of its pool: workers that came in the place of one that had ended unasked.' },
      rss: { type: ['integer', 'null'], description: 'Bytes.' },
      inFlight: { type: ['integer', 'null'] },
      waiting: { type: ['integer', 'null'] },
    },
    required: ['id', 'service', 'version', 'role', 'pid', 'state', 'ready', 'generation', 'startedAt', 'restarts', 'rss', 'inFlight', 'waiting'],
  },
  Node: {
    type: 'object',
    description: 'One machine that follows a server.',
    properties: {
      name: { type: 'string' },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      server: { type: 'string', description: 'The server that it is connected to.' },
      generation: { type: 'integer', description: 'The strategy that its new requests are decided by.' },
      lag: { type: 'integer', description: 'Generations behind the newest.' },
      health: { type: 'string', enum: ['ok', 'waiting', 'lagging', 'starting', 'failing'] },
      entry: { type: 'boolean', description: 'Whether clients and other machines should be sent to it: it has the strategy that it should have, and a worker is ready.' },
      problem: { type: 'string', description: 'What is wrong, in a few words; empty when nothing is.' },
      workers: { type: 'integer' },
      ready: { type: 'integer' },
      forward: { type: ['string', 'null'], description: 'Where it takes exchanges of other machines.' },
      since: { type: 'string', description: 'When it connected, ISO 8601.' },
    },
    required: ['name', 'labels', 'server', 'generation', 'lag', 'health', 'entry', 'problem', 'workers', 'ready', 'forward', 'since'],
  },
  Nodes: {
    type: 'object',
    properties: {
      leader: { type: ['string', 'null'], description: 'The server that takes steps.' },
      generation: { type: 'integer' },
      store: { type: ['string', 'null'], description: 'Why the store does not answer this server.' },
      held: { type: ['string', 'null'], description: 'Why the newest strategy is not handed to everybody yet.' },
      items: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
    },
    required: ['leader', 'generation', 'store', 'held', 'items'],
  },
} as const;
