// A release, where it stands and how its requests ended, as the API gives them.

export const releaseRecords = {
  Release: {
    type: 'object',
    description: 'A release and where it stands.',
    properties: {
      name: { type: 'string' },
      phase: { type: 'string', enum: ['pending', 'progressing', 'paused', 'promoting', 'succeeded', 'rolling-back', 'rolled-back'] },
      turn: { type: 'integer', description: 'Rises with each transition.' },
      step: { type: 'integer', description: 'Place in `steps` of the step in hand.' },
      steps: { type: 'array', items: { type: 'object' } },
      percent: { type: 'number', description: 'Share of the audience that is in now.' },
      holdback: { type: 'number' },
      versions: { type: 'object', additionalProperties: { type: 'string' } },
      since: { type: 'string', description: 'When the phase or step began, ISO 8601.' },
      until: { type: ['string', 'null'], description: 'When it goes on by itself, ISO 8601.' },
      why: { type: 'string', description: 'The reason of the last transition.' },
      live: { type: 'boolean', description: 'Whether requests can enter it now.' },
      share: { type: ['number', 'null'], description: 'Percent of the audience that was in, of the requests counted since the generation began; null without traffic.' },
      requests: { type: 'integer', description: 'Requests in the lane.' },
      unavailable: { type: 'integer', description: 'Of them, those that stable served because no worker of the release could.' },
      hold: { type: ['string', 'null'], enum: ['plan', 'person', 'verdict', 'failure'], description: 'Who holds a paused release: its plan, a person, a verdict that is none, a promotion that failed.' },
      window: { type: 'string', enum: ['before', 'open', 'over'], description: 'Of a release with from or until: outside of it nobody is in.' },
      recent: { $ref: '#/components/schemas/Traffic' },
      verdict: { $ref: '#/components/schemas/Verdict' },
    },
    required: ['name', 'phase', 'turn', 'step', 'steps', 'percent', 'holdback', 'versions', 'since', 'until', 'why', 'live', 'share', 'requests', 'unavailable', 'hold'],
  },
  Traffic: {
    type: 'object',
    description: 'How requests of the last minute ended, as clients saw it.',
    properties: {
      rps: { type: 'number', description: 'Requests per second.' },
      success: { type: ['number', 'null'], description: 'Percent that was neither 5xx, aborted nor timed out; null without requests.' },
      p50Ms: { type: ['number', 'null'] },
      p95Ms: { type: ['number', 'null'] },
      p99Ms: { type: ['number', 'null'] },
    },
    required: ['rps', 'success', 'p50Ms', 'p95Ms', 'p99Ms'],
  },
} as const;
