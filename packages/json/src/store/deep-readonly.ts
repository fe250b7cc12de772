/** As it is when it is frozen: arrays and plain objects, however deep. What is of a class is left as it is. */
export type DeepReadonly<Value> = unknown extends Value
  ? Value
  : Value extends Leaf
    ? Value
    : { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> };

type Leaf =
  | ((...args: never[]) => unknown)
  | Date
  | RegExp
  | URL
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBufferView
  | ArrayBuffer;
