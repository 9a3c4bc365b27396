import { defineConfig } from 'graylane';

export default defineConfig({
  exposeRoute: true,
  services: {
    web: {
      listen: 8080,
      stable: 'v1',
      versions: {
        v1: { script: './v1/server.js', workers: 2 },
        v2: { script: './v2/server.js' },
      },
    },
  },
  releases: [
    {
      name: 'next',
      when: [{ cookie: { beta: '1' }, pinned: true }, {}],
      percent: 5,
      versions: { web: 'v2' },
    },
  ],
});
