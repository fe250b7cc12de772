import type { PlatformName } from "@holdfast/fs";
import type { Backend, Origin } from "./backend.ts";
import type { FileSystemLike } from "./node-file-system.ts";
import { callFacts, type Call, type CallName } from "./call.ts";

/**
 * Stands between a program and its file system: told of each call, and free to make it (`proceed`),
 * to make it differently (`proceed` with other arguments), to make it and lie about it, or not to make
 * it at all. What it returns or throws is what the program gets.
 */
export interface Interceptor {
  sync(call: Call, proceed: (args?: readonly unknown[]) => unknown): unknown;
  async(call: Call, proceed: (args?: readonly unknown[]) => Promise<unknown>): Promise<unknown>;
}

/** A file that was opened and not closed. */
export interface OpenFile {
  readonly fd: number;
  /** As the program gave it. */
  readonly path: string;
}

/** A backend in front of `under`, each of whose calls goes through `interceptor`. */
export class Interception implements Backend {
  readonly under: Backend;
  readonly constants: Readonly<Record<string, number>>;
  readonly platform?: PlatformName;
  readonly object?: FileSystemLike;
  /** Calls on descriptors that had been closed, one line each: of a right program there are none. */
  readonly callsOnClosed: string[] = [];
  readonly #interceptor: Interceptor;
  readonly #open = new Map<number, string>();
  readonly #closed = new Map<number, string>();
  #made = 0;

  constructor(under: Backend, interceptor: Interceptor) {
    this.under = under;
    this.#interceptor = interceptor;
    this.constants = under.constants;
    if (under.platform !== undefined) this.platform = under.platform;
    if (under.object !== undefined) this.object = under.object;
  }

  /** What the program has opened and not closed, in the order of opening. */
  openFiles(): OpenFile[] {
    return [...this.#open].map(([fd, path]) => ({ fd, path }));
  }

  /** How many calls were made so far. */
  get made(): number {
    return this.#made;
  }

  sync(name: CallName, args: readonly unknown[], origin: Origin): never {
    const call = this.#note(name, args, origin, "sync");
    const result = this.#interceptor.sync(call, (changed = args) =>
      this.under.sync(name, changed as never, origin),
    );
    if (name === "open") this.#opened(result as number, call);
    return result as never;
  }

  async async(name: CallName, args: readonly unknown[], origin: Origin): Promise<never> {
    const call = this.#note(name, args, origin, "async");
    const result = await this.#interceptor.async(call, (changed = args) =>
      this.under.async(name, changed as never, origin),
    );
    if (name === "open") this.#opened(result as number, call);
    return result as never;
  }

  #opened(fd: number, call: Call): void {
    this.#open.set(fd, call.paths[0]!);
    this.#closed.delete(fd);
  }

  #note(name: CallName, args: readonly unknown[], origin: Origin, face: "sync" | "async"): Call {
    const index = ++this.#made;
    const count = callFacts[name].paths;
    if (count > 0) {
      return { index, name, args, paths: args.slice(0, count).map(String), face, ...origin };
    }
    const fd = args[0] as number;
    const path = this.#open.get(fd) ?? this.#closed.get(fd) ?? `descriptor ${fd}`;
    if (!this.#open.has(fd) && this.#closed.has(fd)) this.callsOnClosed.push(`${name} ${path}`);
    if (name === "close" && this.#open.delete(fd)) {
      this.#closed.set(fd, path); // before the call: Linux gives it back whatever close(2) reports
    }
    return { index, name, args, paths: [path], fd, face, ...origin };
  }
}
