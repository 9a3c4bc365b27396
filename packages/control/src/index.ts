export * from './clock.ts';
export * from './effects.ts';
export * from './problem.ts';
export * from './store/election.ts';
export * from './store/errors.ts';
export * from './store/sqlite.ts';
export * from './store/store.ts';
