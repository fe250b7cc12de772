/**
 * What says whether a value is right: a Standard Schema, which zod, valibot, arktype and others are, or a
 * function. It may change the value (defaults, transformations); what it returns counts.
 */
export type Validate<Value> =
  | StandardSchema<Value>
  | ((value: unknown) => Value | PromiseLike<Value>);

/** `Value`, which is inferred from this place only where no other says what it is. */
export type Weak<Value> = Value & ({} | null | undefined);

/**
 * A `Validate`. Schemas of arktype can be called too, and then answer with errors as well: what a schema says
 * of its output counts before what a function returns. So does what a promise will be, before the promise. The
 * last form is for functions that return `null`, or whose type is generic. (With `Weak` instead, of a function that
 * returns a union of objects only the first of them would be inferred.)
 */
export type ValidateOption<Value> =
  | StandardSchema<Value>
  | ((value: unknown) => Value & {})
  | ((value: unknown) => PromiseLike<Value>)
  | NoInfer<(value: unknown) => Value | PromiseLike<Value>>;

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
