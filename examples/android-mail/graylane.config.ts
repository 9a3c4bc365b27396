import { defineConfig } from 'graylane';

const { ORDER_PORT = '8080', EMAIL_PORT = '8081' } = process.env;
const email = (version: string): { script: string; env: Record<string, string> } => ({ script: './service.js', env: { NAME: 'email', VERSION: version } });
const order = (version: string): { script: string; env: Record<string, string> } => ({ script: './service.js', env: { NAME: 'order', VERSION: version, NEXT: `http://127.0.0.1:${EMAIL_PORT}/` } });

export default defineConfig({
  exposeRoute: true,
  tags: {
    os: { userAgent: 'os' },
    city: { header: 'x-city' },
  },
  services: {
    order: {
      listen: `127.0.0.1:${ORDER_PORT}`,
      stable: 'v1.0',
      versions: { 'v1.0': order('v1.0'), 'v1.1': order('v1.1') },
    },
    email: {
      listen: `127.0.0.1:${EMAIL_PORT}`,
      hosts: [`127.0.0.1:${EMAIL_PORT}`],
      trust: 'internal',
      stable: 'v2.0',
      versions: { 'v2.0': email('v2.0'), 'v2.1': email('v2.1'), 'v2.0.1': email('v2.0.1') },
    },
  },
  releases: [
    // Somebody in Atlantis on Android matches both. Email can be only one of v2.1 and v2.0.1 for him, and Order v1.1 needs
    // v2.1, so the release that belongs together wins: the smaller number.
    { name: 'android', priority: 1, when: [{ tag: { os: 'Android' } }], versions: { order: 'v1.1', email: 'v2.1' } },
    { name: 'atlantis', priority: 2, when: [{ tag: { city: 'Atlantis' } }], versions: { email: 'v2.0.1' } },
  ],
});
