// All that processes say to each other, and what travels on requests. Nothing here opens anything.

export * from './api/index.ts';
export * from './arrivals.ts';
export * from './baggage.ts';
export * from './exposures.ts';
export * from './frames.ts';
export * from './generations.ts';
export * from './hop.ts';
export * from './in-flight.ts';
export * from './marks.ts';
export * from './messages.ts';
export * from './notes.ts';
export * from './override-link.ts';
export * from './override-token.ts';
export * from './passage.ts';
export * from './recent.ts';
export * from './seal.ts';
export * from './stamp.ts';
export * from './worker.ts';
