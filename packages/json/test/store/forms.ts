/** The ways in which a store is opened and used: both halves, on a path and in a root. */

import { onTestFinished } from "vitest";
import { openRoot, openRootSync } from "@holdfast/root";
import { tempDir as someTempDir, tmpfsParent } from "../../../atomic/test/support/temp-dir.ts";
import {
  openJsonStore,
  openJsonStoreSync,
  type Changed,
  type DeepReadonly,
  type JsonStore,
  type JsonStoreOptions,
} from "../../src/index.ts";

/** In memory, if that is possible: a flush costs nothing there. */
export const tempDir = (): string => someTempDir(tmpfsParent());

type Options<Value> = Omit<JsonStoreOptions<Value>, "path">;

export interface Form {
  readonly form: string;
  readonly isRoot: boolean;
  readonly open: <Value>(dir: string, options: Options<Value>) => Promise<JsonStore<Value>>;
  readonly update: <Value>(
    store: JsonStore<Value>,
    fn: (value: Value) => Changed<Value>,
  ) => Promise<DeepReadonly<Value>>;
  readonly reset: <Value>(store: JsonStore<Value>) => Promise<DeepReadonly<Value>>;
  readonly reload: <Value>(store: JsonStore<Value>) => Promise<DeepReadonly<Value>>;
}

const asynchronous = {
  update: <Value>(
    store: JsonStore<Value>,
    fn: (value: Value) => Changed<Value>,
  ): Promise<DeepReadonly<Value>> => store.update(fn),
  reset: <Value>(store: JsonStore<Value>): Promise<DeepReadonly<Value>> => store.reset(),
  reload: <Value>(store: JsonStore<Value>): Promise<DeepReadonly<Value>> => store.reload(),
};

const synchronous = {
  update: async <Value>(
    store: JsonStore<Value>,
    fn: (value: Value) => Changed<Value>,
  ): Promise<DeepReadonly<Value>> => store.updateSync(fn),
  reset: async <Value>(store: JsonStore<Value>): Promise<DeepReadonly<Value>> => store.resetSync(),
  reload: async <Value>(store: JsonStore<Value>): Promise<DeepReadonly<Value>> =>
    store.reloadSync(),
};

export const name = "settings.json";

export const forms: readonly Form[] = [
  {
    form: "async",
    isRoot: false,
    open: (dir, options) => kept(openJsonStore({ path: `${dir}/${name}`, ...options })),
    ...asynchronous,
  },
  {
    form: "sync",
    isRoot: false,
    open: async (dir, options) => kept(openJsonStoreSync({ path: `${dir}/${name}`, ...options })),
    ...synchronous,
  },
  {
    form: "async in a root",
    isRoot: true,
    open: async (dir, options) => {
      const root = await openRoot(dir);
      onTestFinished(() => root.close());
      return kept(openJsonStore({ path: { root, path: name }, ...options }));
    },
    ...asynchronous,
  },
  {
    form: "sync in a root",
    isRoot: true,
    open: async (dir, options) => {
      const root = openRootSync(dir);
      onTestFinished(() => root[Symbol.dispose]());
      return kept(openJsonStoreSync({ path: { root, path: name }, ...options }));
    },
    ...synchronous,
  },
];

async function kept<Value>(
  opening: JsonStore<Value> | Promise<JsonStore<Value>>,
): Promise<JsonStore<Value>> {
  const store = await opening;
  onTestFinished(() => store.close());
  return store;
}

/** What a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<never> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ("error" in outcome) return outcome.error as never;
  throw new Error(`it succeeded with ${JSON.stringify(outcome.value)}`);
}
