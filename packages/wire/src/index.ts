export * from './api/index.ts';
export * from './exposures.ts';
export * from './frames.ts';
export * from './hop.ts';
export * from './marks.ts';
export * from './messages.ts';
export * from './worker.ts';
