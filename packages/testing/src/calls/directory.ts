import type { Dirent } from "node:fs";

type Callback<Value> = (error: Error | null, value?: Value) => void;

/** What `opendir` returns: Node's `Dir`, over the entries as they were when it was opened. */
export class Directory {
  readonly path: string;
  readonly #entries: Dirent[];
  #closed = false;

  constructor(path: string, entries: readonly Dirent[]) {
    this.path = path;
    this.#entries = [...entries];
  }

  readSync(): Dirent | null {
    if (this.#closed) throw directoryClosed();
    return this.#entries.shift() ?? null;
  }

  read(): Promise<Dirent | null>;
  read(callback: Callback<Dirent | null>): void;
  read(callback?: Callback<Dirent | null>): Promise<Dirent | null> | void {
    return answer(() => this.readSync(), callback);
  }

  closeSync(): void {
    if (this.#closed) throw directoryClosed();
    this.#closed = true;
  }

  close(): Promise<void>;
  close(callback: Callback<void>): void;
  close(callback?: Callback<void>): Promise<void> | void {
    return answer(() => this.closeSync(), callback);
  }

  /** Closes it at the end, also when the loop is left early, as Node does. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Dirent, void> {
    try {
      for (let entry = this.readSync(); entry !== null; entry = this.readSync()) yield entry;
    } finally {
      this.closeSync();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) this.closeSync();
  }
}

/** As Node: a promise, or a callback, which is called later also of what went wrong. */
function answer<Value>(work: () => Value, callback?: Callback<Value>): Promise<Value> | void {
  const promise = new Promise<Value>((resolve) => resolve(work()));
  if (callback === undefined) return promise;
  promise.then(
    (value) => queueMicrotask(() => callback(null, value)),
    (error: unknown) => queueMicrotask(() => callback(error as Error)),
  );
}

const directoryClosed = (): Error =>
  Object.assign(new Error("Directory handle was closed"), { code: "ERR_DIR_CLOSED" });
