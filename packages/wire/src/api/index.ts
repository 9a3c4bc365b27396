export * from './records.ts';
export * from './requests.ts';
export * from './schema.ts';
