export * from './clock.ts';
export * from './failure.ts';
export * from './forwarder.ts';
export * from './limits.ts';
export * from './upstream.ts';
