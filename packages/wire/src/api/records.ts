// What the control API gives, as schemas; the types of client, server and OpenAPI document all come from here.

import { accessRecords } from './records/access.ts';
import { eventRecords } from './records/event.ts';
import { problemRecords } from './records/problem.ts';
import { processRecords } from './records/process.ts';
import { releaseRecords } from './records/release.ts';
import { statusRecords } from './records/status.ts';
import { strategyRecords } from './records/strategy.ts';
import { verdictRecords } from './records/verdict.ts';
import type { FromSchema } from './schema.ts';

export type ApiSchemas =
  & typeof strategyRecords
  & typeof releaseRecords
  & typeof verdictRecords
  & typeof eventRecords
  & typeof processRecords
  & typeof statusRecords
  & typeof accessRecords
  & typeof problemRecords;

/** In the order in which docs/api.md shows them. */
export const apiSchemas: ApiSchemas = {
  ...strategyRecords,
  ...releaseRecords,
  ...verdictRecords,
  ...eventRecords,
  ...processRecords,
  ...statusRecords,
  ...accessRecords,
  ...problemRecords,
};

/** The type of the record `Name`. */
export type Api<Name extends keyof ApiSchemas> = FromSchema<ApiSchemas[Name], ApiSchemas>;
