// Checks a JSON value against a schema of the API and returns it typed, or every fault with its place.
// It knows the part of JSON Schema that wire/api is written in, and no other.

import { apiSchemas } from '@graylane/wire';
import type { ApiSchema, ApiSchemas, FromSchema } from '@graylane/wire';
import { own } from '../own.ts';
import { ControlError } from '../problem.ts';
import type { FieldError } from '../problem.ts';

/** Nothing that people send here nests deeper; documents are checked by `rules`. */
const DEPTH_LIMIT = 32;

/** Throws GL3012 with the pointer of every fault. Unknown keys are faults: a misspelt option must not be ignored. */
export function validated<const S extends ApiSchema>(schema: S, value: unknown): FromSchema<S, ApiSchemas> {
  const errors: FieldError[] = [];
  check(schema, value, '', errors, 0);
  if (errors.length === 0) return value as FromSchema<S, ApiSchemas>;
  throw new ControlError('GL3012', { detail: `the request is not understood: ${errors[0]?.detail ?? ''}`, fix: 'see docs/api.md or /api/v1/openapi.json', errors });
}

function check(schema: ApiSchema, value: unknown, pointer: string, errors: FieldError[], depth: number): void {
  const fault = (detail: string): void => {
    errors.push({ code: 'GL3012', pointer, detail: `${pointer === '' ? 'the body' : pointer} ${detail}` });
  };
  if (depth > DEPTH_LIMIT) {
    fault('is nested too deep');
    return;
  }
  if (schema.$ref !== undefined) {
    check(resolve(schema.$ref), value, pointer, errors, depth + 1);
    return;
  }
  if (schema.oneOf !== undefined) {
    if (!schema.oneOf.some((one) => fits(one, value, depth))) fault('has none of the allowed forms');
    return;
  }
  if (schema.type !== undefined && !isOneOf(schema.type, value)) {
    fault(`must be ${typeText(schema.type)}`);
    return;
  }
  if (schema.const !== undefined && value !== schema.const) fault(`must be ${JSON.stringify(schema.const)}`);
  if (schema.enum !== undefined && value !== null && !(typeof value === 'string' && schema.enum.includes(value))) fault(`must be one of ${schema.enum.join(', ')}`);
  if (typeof value === 'string') checkText(schema, value, fault);
  if (typeof value === 'number') checkNumber(schema, value, fault);
  if (Array.isArray(value)) checkItems(schema, value, pointer, errors, depth);
  else if (isMap(value)) checkProperties(schema, value, pointer, errors, depth);
}

function fits(schema: ApiSchema, value: unknown, depth: number): boolean {
  const errors: FieldError[] = [];
  check(schema, value, '', errors, depth + 1);
  return errors.length === 0;
}

function checkText(schema: ApiSchema, value: string, fault: (detail: string) => void): void {
  if (value.length < (schema.minLength ?? 0)) fault(`must have at least ${schema.minLength ?? 0} characters`);
  if (value.length > (schema.maxLength ?? Infinity)) fault(`must have at most ${schema.maxLength ?? 0} characters`);
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) fault(`must match ${schema.pattern}`);
}

function checkNumber(schema: ApiSchema, value: number, fault: (detail: string) => void): void {
  if (value < (schema.minimum ?? -Infinity)) fault(`must be at least ${schema.minimum ?? 0}`);
  if (value > (schema.maximum ?? Infinity)) fault(`must be at most ${schema.maximum ?? 0}`);
}

function checkItems(schema: ApiSchema, value: readonly unknown[], pointer: string, errors: FieldError[], depth: number): void {
  if (value.length > (schema.maxItems ?? Infinity)) errors.push({ code: 'GL3012', pointer, detail: `${pointer} has more than ${schema.maxItems ?? 0} entries` });
  else if (schema.items !== undefined) for (const [index, item] of value.entries()) check(schema.items, item, `${pointer}/${index}`, errors, depth + 1);
}

function checkProperties(schema: ApiSchema, value: Readonly<Record<string, unknown>>, pointer: string, errors: FieldError[], depth: number): void {
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) errors.push({ code: 'GL3012', pointer, detail: `${key} is missing${pointer === '' ? '' : ` in ${pointer}`}` });
  }
  for (const [key, item] of Object.entries(value)) {
    const place = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const property = own(schema.properties ?? {}, key);
    if (property !== undefined) check(property, item, place, errors, depth + 1);
    else if (typeof schema.additionalProperties === 'object') check(schema.additionalProperties, item, place, errors, depth + 1);
    else if (schema.properties !== undefined && schema.additionalProperties !== true) errors.push({ code: 'GL3012', pointer: place, detail: `${place} is not known here` });
  }
}

function resolve(ref: string): ApiSchema {
  const schemas: Readonly<Record<string, ApiSchema>> = apiSchemas;
  return own(schemas, ref.slice('#/components/schemas/'.length)) ?? {};
}

function isOneOf(type: NonNullable<ApiSchema['type']>, value: unknown): boolean {
  return typeof type === 'string' ? isOf(type, value) : type.some((one) => isOf(one, value));
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'null': return value === null;
    case 'array': return Array.isArray(value);
    case 'object': return isMap(value);
    case 'integer': return Number.isSafeInteger(value);
    case 'number': return typeof value === 'number' && Number.isFinite(value);
    default: return typeof value === type;
  }
}

function typeText(type: NonNullable<ApiSchema['type']>): string {
  return (typeof type === 'string' ? [type] : type).map((one) => (one === 'integer' ? 'a whole number' : one === 'null' ? 'null' : one === 'object' || one === 'array' ? `an ${one}` : `a ${one}`)).join(' or ');
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
