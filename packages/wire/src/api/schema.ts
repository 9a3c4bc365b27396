// The part of JSON Schema (2020-12) that the API's records are written in, and the types that follow from it.
// One literal is the validator's input, the OpenAPI document's text and the compiler's type.

export interface ApiSchema {
  readonly $ref?: string;
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null' | readonly ('string' | 'number' | 'integer' | 'boolean' | 'null')[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: string | number | boolean;
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: ApiSchema | boolean;
  readonly items?: ApiSchema;
  readonly oneOf?: readonly ApiSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

interface Plain {
  string: string;
  number: number;
  integer: number;
  boolean: boolean;
  null: null;
}

/** The type of the values that `S` admits; `Named` resolves `{ $ref: '#/components/schemas/X' }`. */
export type FromSchema<S, Named> =
  S extends { readonly $ref: `#/components/schemas/${infer Name}` } ? (Name extends keyof Named ? FromSchema<Named[Name], Named> : never)
  : S extends { readonly const: infer Only } ? Only
  : S extends { readonly enum: readonly (infer One)[] } ? (S extends { readonly type: readonly (infer Kind)[] } ? ('null' extends Kind ? One | null : One) : One)
  : S extends { readonly oneOf: readonly (infer One)[] } ? (One extends unknown ? FromSchema<One, Named> : never)
  : S extends { readonly type: 'array'; readonly items: infer Item } ? readonly FromSchema<Item, Named>[]
  : S extends { readonly type: 'object'; readonly properties: infer Properties } ? FromProperties<Properties, S extends { readonly required: readonly (infer Key)[] } ? Key : never, Named>
  : S extends { readonly type: 'object'; readonly additionalProperties: infer Value extends object } ? Readonly<Record<string, FromSchema<Value, Named>>>
  : S extends { readonly type: 'object' } ? Readonly<Record<string, unknown>>
  : S extends { readonly type: infer Kind extends keyof Plain } ? Plain[Kind]
  : S extends { readonly type: readonly (infer Kind extends keyof Plain)[] } ? Plain[Kind]
  : unknown;

type FromProperties<Properties, Required, Named> =
  { readonly [Key in keyof Properties as Key extends Required ? Key : never]: FromSchema<Properties[Key], Named> }
  & { readonly [Key in keyof Properties as Key extends Required ? never : Key]?: FromSchema<Properties[Key], Named> };
