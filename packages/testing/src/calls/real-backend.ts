/** A backend out of any object of the shape of `node:fs`. */

import { promises } from "node:fs";
import { invalidCombination, invalidType } from "@holdfast/fs/steps";
import type { PlatformName } from "@holdfast/fs";
import type { Backend, Origin } from "./backend.ts";
import { callFacts, type CallName } from "./call.ts";
import { fsConstants } from "./constants.ts";
import { memberOf, type FileSystemLike } from "./node-file-system.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- methods of an unknown object
type AnyMethod = (...args: any[]) => any;

/** Methods of a `FileHandle` that are calls under another name. */
const onHandle: Partial<Record<CallName, string>> = {
  close: "close",
  read: "read",
  write: "write",
  fstat: "stat",
  fchmod: "chmod",
  fchown: "chown",
  futimes: "utimes",
  ftruncate: "truncate",
  fsync: "sync",
  fdatasync: "datasync",
};

/**
 * Makes the calls of what is given: the synchronous ones with its `…Sync` methods, the asynchronous
 * ones with those of `promises` if it has them, else with callbacks. So whoever replaced
 * `promises.rename` alone meets their own `rename`.
 *
 * @throws `TypeError` (`ERR_INVALID_ARG`) if it is no object, or `node:fs/promises` itself; what it lacks
 *   is missed when it is called
 */
export function backendOf(fileSystem: FileSystemLike): Backend {
  if (typeof fileSystem !== "object" || fileSystem === null) {
    throw invalidType("fileSystem", "fs", "an object of the shape of node:fs", fileSystem);
  }
  if (fileSystem === promises) {
    const problem =
      "fs is node:fs/promises alone; give it as { promises }, and use the promises of the result";
    throw invalidCombination("fileSystem", problem);
  }
  return new RealBackend(fileSystem);
}

class RealBackend implements Backend {
  readonly constants: Readonly<Record<string, number>>;
  readonly platform?: PlatformName;
  readonly object: FileSystemLike;
  readonly #under: FileSystemLike;
  /** Handles that `promises.open` gave, by their numbers. */
  readonly #handles = new Map<number, Readonly<Record<string, AnyMethod>>>();
  readonly #held: object[] = [];
  /** For handles that have no number of their own. */
  #nextNumber = 1_000_000_000;

  constructor(under: FileSystemLike) {
    this.object = this.#under = under;
    this.constants = {
      ...fsConstants,
      ...(memberOf(under, "constants") as Record<string, number>),
    };
    const platform = memberOf(under, "platform") as PlatformName | undefined;
    if (platform !== undefined) this.platform = platform;
  }

  sync(name: CallName, args: readonly unknown[], { via }: Origin): never {
    const native = via === "realpath.native" ? this.#nativeRealpath() : undefined;
    const method = native ?? this.#method(this.#under, `${name}Sync`);
    const result: unknown = method(...shaped(name, args));
    if (name === "close") this.#closedByNumber(args[0] as number);
    return result as never;
  }

  /**
   * A handle that was opened asynchronously, and whose number was closed. It is held for ever: Node
   * closes the number of a handle that is garbage, and by then it may be another file's.
   */
  #closedByNumber(fd: number): void {
    const handle = this.#handles.get(fd);
    if (handle === undefined) return;
    this.#handles.delete(fd);
    this.#held.push(handle);
  }

  async async(name: CallName, args: readonly unknown[]): Promise<never> {
    if (callFacts[name].paths === 0) return (await this.#onDescriptor(name, args)) as never;
    const promises = this.#under.promises;
    if (promises === undefined) return (await this.#withCallback(name, args)) as never;
    const result: unknown = await this.#method(promises, name)(...shaped(name, args));
    return (name === "open" ? this.#keep(result) : result) as never;
  }

  #keep(result: unknown): number {
    if (typeof result === "number") return result;
    const handle = result as Readonly<Record<string, AnyMethod>>;
    const own = (result as { readonly fd?: number }).fd;
    const fd = own ?? this.#nextNumber++;
    this.#handles.set(fd, handle);
    return fd;
  }

  async #onDescriptor(name: CallName, args: readonly unknown[]): Promise<unknown> {
    const [fd, ...rest] = shaped(name, args);
    const handle = this.#handles.get(fd as number);
    if (handle === undefined) return await this.#withCallback(name, args);
    // Linux gives the number back whatever close(2) reports.
    if (name === "close") this.#handles.delete(fd as number);
    const result: unknown = await this.#method(handle, onHandle[name]!)(...rest);
    if (name === "read") return (result as { readonly bytesRead: number }).bytesRead;
    if (name === "write") return (result as { readonly bytesWritten: number }).bytesWritten;
    return result;
  }

  #withCallback(name: CallName, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#method(this.#under, name)(...shaped(name, args), (error: unknown, result: unknown) => {
        if (error === null || error === undefined) resolve(result);
        else reject(error as Error);
      });
    });
  }

  #method(owner: object, name: string): AnyMethod {
    const method = (owner as Record<string, unknown>)[name];
    if (typeof method !== "function") throw new TypeError(`fs.${name} is not a function`);
    return method.bind(owner) as AnyMethod;
  }

  /** Not every object has one: those of `node:fs` and memfs do. */
  #nativeRealpath(): AnyMethod | undefined {
    const realpath = memberOf(this.#under, "realpathSync");
    return (realpath as { readonly native?: AnyMethod } | undefined)?.native;
  }
}

/** The arguments as `node:fs` takes them. */
function shaped(name: CallName, args: readonly unknown[]): readonly unknown[] {
  if (name === "mkdir") return [args[0], { mode: args[1] }];
  if (name === "symlink" && args[2] === null) return args.slice(0, 2);
  return args;
}
