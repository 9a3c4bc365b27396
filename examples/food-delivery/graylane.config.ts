import { defineConfig } from 'graylane';

const { ORDER_PORT = '8080', RESTAURANT_PORT = '8081', DELIVERY_PORT = '8082', DELIVERY_APPS = '9001,9002,9003' } = process.env;
const [stable, android, beijing] = DELIVERY_APPS.split(',');

export default defineConfig({
  exposeRoute: true,
  tags: {
    os: { header: 'x-phone-os' },
    city: { header: 'x-location' },
  },
  services: {
    // Users come in here, so nobody is believed.
    order: {
      listen: `127.0.0.1:${ORDER_PORT}`,
      stable: 'v1',
      versions: { v1: { script: './order/server.js', workers: 2 } },
    },
    restaurant: {
      listen: `127.0.0.1:${RESTAURANT_PORT}`,
      hosts: [`127.0.0.1:${RESTAURANT_PORT}`, 'restaurant.internal'],
      trust: 'internal',
      stable: 'v1',
      versions: {
        v1: { script: './restaurant/server.js', env: { VERSION: 'v1' } },
        'beijing-android': { script: './restaurant/server.js', env: { VERSION: 'beijing-android', MENU: 'with a seat map, for phones' } },
        android: { script: './restaurant/server.js', env: { VERSION: 'android', MENU: 'for phones' } },
      },
    },
    // Not Node: its processes are started by run.js, and a sidecar routes to them.
    delivery: {
      listen: `127.0.0.1:${DELIVERY_PORT}`,
      hosts: [`127.0.0.1:${DELIVERY_PORT}`, 'delivery.internal'],
      trust: 'internal',
      stable: 'v1',
      versions: {
        v1: { upstreams: [`127.0.0.1:${stable}`] },
        android: { upstreams: [`127.0.0.1:${android}`] },
        beijing: { upstreams: [`127.0.0.1:${beijing}`] },
      },
    },
  },
  releases: [
    {
      name: 'beijing-android',
      priority: 1,
      when: [{ tag: { os: 'Android', city: 'Beijing' } }],
      versions: { restaurant: 'beijing-android' },
    },
    {
      name: 'android',
      priority: 2,
      when: [{ tag: { os: 'Android' } }],
      versions: { restaurant: 'android', delivery: 'android' },
    },
    {
      name: 'beijing',
      priority: 3,
      when: [{ tag: { city: 'Beijing' } }],
      versions: { delivery: 'beijing' },
    },
  ],
});
