// json-server 0.17.4 (Express) is stable, 1.0.0-beta.15 (tinyhttp) is the canary.
// One worker each: json-server keeps its data in the process.

import { defineConfig } from 'graylane';

export default defineConfig({
  exposeRoute: true,
  services: {
    web: {
      listen: 8080,
      stable: 'v0',
      versions: {
        v0: { script: './v0/server.js', workers: 1 },
        v1: { script: './v1/server.js', workers: 1 },
      },
    },
  },
  releases: [
    {
      name: 'json-server-1',
      when: [
        { cookie: { beta: '1' }, pinned: true },
        { header: { 'x-beta': ['1', 'yes'] }, pinned: true },
        {},
      ],
      percent: 5,
      versions: { web: 'v1' },
    },
  ],
});
