// Want and got in one view, as the API gives it.

export const statusRecords = {
  ServiceStatus: {
    type: 'object',
    properties: {
      name: { type: 'string' },
      stable: { type: 'string' },
      versions: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            version: { type: 'string' },
            role: { type: 'string', enum: ['stable', 'canary', 'kept'], description: 'Kept is for nobody now: a former stable version, say.' },
            release: { type: ['string', 'null'] },
            workers: { type: 'integer' },
            ready: { type: 'integer' },
            requests: { type: 'integer' },
            share: { type: ['number', 'null'], description: 'Percent of the service\'s requests since the generation began; null without traffic.' },
            recent: { $ref: '#/components/schemas/Traffic' },
            problem: { type: ['string', 'null'] },
          },
          required: ['version', 'role', 'release', 'workers', 'ready', 'requests', 'share', 'problem'],
        },
      },
    },
    required: ['name', 'stable', 'versions'],
  },
  Status: {
    type: 'object',
    description: 'Want and got in one view.',
    properties: {
      revision: { type: 'integer' },
      generation: { type: 'integer' },
      healthy: { type: 'boolean' },
      problems: { type: 'array', items: { type: 'string' } },
      frozen: { type: ['string', 'null'], description: 'Why automatic steps are held, or null.' },
      services: { type: 'array', items: { $ref: '#/components/schemas/ServiceStatus' } },
      releases: { type: 'array', items: { $ref: '#/components/schemas/Release' } },
      stale: { type: 'array', items: { type: 'string' }, description: 'Workers behind the newest generation.' },
      next: { type: 'array', items: { type: 'string' }, description: 'Commands that make sense now.' },
    },
    required: ['revision', 'generation', 'healthy', 'problems', 'frozen', 'services', 'releases', 'stale', 'next'],
  },
} as const;
