/**
 * What says whether a value is right: a Standard Schema, which zod, valibot, arktype and others are, or a
 * function. It may change the value (defaults, transformations); what it returns counts.
 */
export type Validate<Value> =
  | StandardSchema<Value>
  | ((value: unknown) => Value | PromiseLike<Value>);

/** The part of Standard Schema 1 that is used: https://standardschema.dev */
export interface StandardSchema<Output> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a Standard Schema answers. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** What a Standard Schema found. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
