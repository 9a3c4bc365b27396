export * from './records.ts';
export * from './schema.ts';
