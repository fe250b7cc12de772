/**
 * A file system of the shape of `node:fs` that counts each call and, at the calls that a plan picks,
 * fails as Linux would or lets something happen. Both halves count into one list under one name, so
 * that an asynchronous and a synchronous run can be compared.
 */

import * as nodeFs from "node:fs";
import { getSystemErrorMap } from "node:util";
import type { FileSystem } from "@holdfast/fs";
import { callNames, errnoNumber, type CallName } from "./errnos.ts";

/** One call, before it is made. */
export interface FaultyCall {
  /** Counted from 1 over both halves. */
  readonly index: number;
  readonly name: CallName;
  /** The first path; of a call on a handle, the path that it was opened with. */
  readonly path: string;
  readonly paths: readonly string[];
}

/** What is to happen at a call. */
export type Fault =
  /** Fails; `"after"`: having taken effect (it happened, but said it did not). */
  | { readonly fail: string; readonly when: "before" | "after" }
  /** Somebody else acts, before the call (the default) or after it. */
  | { readonly act: () => void; readonly when?: "before" | "after" }
  /** Moves at most that many bytes: a short read or write; 0 makes no progress. */
  | { readonly atMostBytes: number };

export type FaultPlan = (call: FaultyCall) => Fault | undefined;

export interface FaultyFileSystem {
  readonly fileSystem: FileSystem & { readonly promises: NonNullable<FileSystem["promises"]> };
  /** `"rename /d/a -> /d/b"`, `"fsync /d/a"`, in the order in which they were made. */
  readonly calls: string[];
  /** The paths of the files that were opened and not closed. */
  openHandles(): string[];
  /** Calls on a handle that was closed already (they fail with EBADF): must stay empty. */
  readonly callsOnClosed: string[];
  /** Closes, uncounted, what was left open, before the garbage collector does so with a warning. */
  release(): Promise<void>;
  /** How many faults of the plan were really injected, `act` included. */
  injections(): number;
}

interface FileSystemLike {
  readonly promises: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

type AnyFunction = (...args: readonly unknown[]) => unknown;

interface Opened {
  readonly path: string;
  closed: boolean;
  readonly release: () => unknown;
}

const onHandle: ReadonlySet<CallName> = new Set<CallName>([
  ...(["close", "read", "write", "fstat", "fchmod", "fchown", "futimes"] as const),
  ...(["ftruncate", "fsync", "fdatasync"] as const),
]);
const twoPaths: ReadonlySet<CallName> = new Set<CallName>([
  "rename",
  "link",
  "symlink",
  "copyFile",
]);

/** Methods of a `FileHandle`, and the calls that they are. */
const methodsOfHandle: Readonly<Record<string, CallName>> = {
  close: "close",
  read: "read",
  write: "write",
  writeFile: "writeFile",
  stat: "fstat",
  chmod: "fchmod",
  chown: "fchown",
  utimes: "futimes",
  truncate: "ftruncate",
  sync: "fsync",
  datasync: "fdatasync",
};

/** The system call that Node names in the errors of a call. */
const syscallOf: Partial<Record<CallName, string>> = {
  readdir: "scandir",
  copyFile: "copyfile",
  writeFile: "write",
  futimes: "futime",
  lutimes: "lutime",
};

/** An error as Node makes them: the same properties, the same message. */
export function nodeError(errno: string, name: CallName, paths: readonly string[]): Error {
  const number = errnoNumber(errno);
  // Node knows only libuv's names: EDQUOT and ESTALE, say, come as "Unknown system error -122".
  const unmapped = `Unknown system error ${number}`;
  const [code, meaning] = getSystemErrorMap().get(number) ?? [unmapped, unmapped];
  const syscall = syscallOf[name] ?? name;
  const where = paths.map((path) => `'${path}'`).join(" -> ");
  const error = new Error(`${code}: ${meaning}, ${syscall}${where && ` ${where}`}`);
  return Object.assign(error, {
    errno: number,
    code,
    syscall,
    ...(paths[0] !== undefined && { path: paths[0] }),
    ...(paths[1] !== undefined && { dest: paths[1] }),
  });
}

/** What `error.code` is when Node reports an errno. */
export function codeInNode(errno: string): string {
  return (nodeError(errno, "open", []) as NodeJS.ErrnoException).code!;
}

/**
 * @param real what the calls are made of in the end: `node:fs`, or an object of its shape
 * @param plan asked at each call; without one nothing is injected and the calls are only counted
 */
export function faultyFileSystem({
  real = nodeFs,
  plan = () => undefined,
}: {
  readonly real?: object;
  readonly plan?: FaultPlan;
} = {}): FaultyFileSystem {
  const under = real as FileSystemLike;
  const calls: string[] = [];
  const callsOnClosed: string[] = [];
  const opened: Opened[] = [];
  /** Those that are open, a `FileHandle` by its number too: numbers are used again. */
  const descriptors = new Map<number, Opened>();
  let injected = 0;

  /** Notes a call and returns what is to happen at it. */
  function note(name: CallName, paths: readonly string[]): Fault | undefined {
    calls.push(`${name} ${paths.join(" -> ")}`);
    const fault = plan({ index: calls.length, name, path: paths[0] ?? "", paths });
    if (fault === undefined) return undefined;
    if ("atMostBytes" in fault && name !== "read" && name !== "write") {
      throw new Error(`the plan limits the bytes of ${name}, which moves none`);
    }
    injected++;
    return fault;
  }

  function track(path: string, release: () => unknown): Opened {
    const entry = { path, closed: false, release };
    opened.push(entry);
    return entry;
  }

  /** Refused without a call: the number may be somebody else's file by now. */
  function refuseClosed(name: CallName, path: string): never {
    callsOnClosed.push(`${name} ${path}`);
    throw nodeError("EBADF", name, []);
  }

  function syncCall(name: CallName): AnyFunction {
    return (...args) => {
      const fd = takesDescriptor(name, args[0]) ? (args[0] as number) : undefined;
      const entry = fd === undefined ? undefined : descriptors.get(fd);
      const paths = fd === undefined ? pathsOf(name, args) : [entry?.path ?? `descriptor ${fd}`];
      const fault = note(name, paths);
      if (fd !== undefined && entry === undefined) refuseClosed(name, paths[0]!);
      const failure = failureOf(fault, name, fd === undefined ? paths : []);
      // Linux gives a descriptor back whatever close(2) reports.
      if (failure !== undefined && isBefore(fault) && name !== "close") throw failure;
      if (actsBefore(fault)) fault.act();
      if (name === "close") {
        entry!.closed = true;
        descriptors.delete(fd!);
      }
      if (movesNothing(fault)) return 0;
      const result = method(under, `${name}Sync`)(...limited(args, fault));
      if (failure !== undefined) {
        // Nobody learns of the descriptor of an open that reports a failure.
        if (name === "open") method(under, "closeSync")(result);
        throw failure;
      }
      if (name === "open") {
        const release = (): unknown => method(under, "closeSync")(result);
        descriptors.set(result as number, track(paths[0]!, release));
      }
      if (actsAfter(fault)) fault.act();
      return result;
    };
  }

  async function asyncCall(
    name: CallName,
    paths: readonly string[],
    entry: Opened | undefined,
    args: readonly unknown[],
    make: (...args: readonly unknown[]) => unknown,
  ): Promise<unknown> {
    const fault = note(name, paths);
    if (entry?.closed === true) refuseClosed(name, entry.path);
    const failure = failureOf(fault, name, entry === undefined ? paths : []);
    if (failure !== undefined && isBefore(fault) && name !== "close") throw failure;
    if (actsBefore(fault)) fault.act();
    if (name === "close") {
      entry!.closed = true;
      for (const [fd, one] of descriptors) if (one === entry) descriptors.delete(fd);
    }
    if (movesNothing(fault)) return { bytesRead: 0, bytesWritten: 0, buffer: args[1] };
    const result = await make(...limited(args, fault));
    if (failure !== undefined) {
      if (name === "open") await method(result as object, "close")();
      throw failure;
    }
    if (actsAfter(fault)) fault.act();
    if (name !== "open") return result;
    const handle = result as object;
    const opened = track(paths[0]!, method(handle, "close"));
    descriptors.set((handle as { readonly fd: number }).fd, opened);
    return new FaultyHandle(handle, opened);
  }

  class FaultyHandle {
    readonly real: object;
    readonly entry: Opened;
    constructor(real: object, entry: Opened) {
      this.real = real;
      this.entry = entry;
      for (const [own, name] of Object.entries(methodsOfHandle)) {
        const value = (...args: readonly unknown[]): Promise<unknown> =>
          asyncCall(name, [entry.path], entry, [this, ...args], (_self, ...rest) =>
            method(real, own)(...rest),
          );
        Object.defineProperty(this, own, { value });
      }
    }

    get fd(): number {
      return (this.real as { readonly fd: number }).fd;
    }
  }

  const sync: Record<string, AnyFunction> = {};
  const promises: Record<string, AnyFunction> = {};
  for (const name of callNames) {
    sync[`${name}Sync`] = syncCall(name);
    if (onHandle.has(name)) continue;
    promises[name] = (...args) => {
      const handle = args[0] instanceof FaultyHandle ? args[0] : undefined;
      const paths = handle === undefined ? pathsOf(name, args) : [handle.entry.path];
      return asyncCall(name, paths, handle?.entry, args, (first, ...rest) =>
        // Node knows its own handles only.
        method(under.promises, name)(handle === undefined ? first : handle.real, ...rest),
      );
    };
  }
  return {
    fileSystem: { ...sync, promises } as FaultyFileSystem["fileSystem"],
    calls,
    openHandles: () => opened.filter(({ closed }) => !closed).map(({ path }) => path),
    callsOnClosed,
    release: async () => {
      for (const entry of opened) {
        if (!entry.closed) await entry.release();
        entry.closed = true;
      }
      descriptors.clear();
    },
    injections: () => injected,
  };
}

const method =
  (owner: object, name: string): AnyFunction =>
  (...args) =>
    (owner as Record<string, AnyFunction>)[name]!.apply(owner, args as unknown[]);

const isBefore = (fault: Fault | undefined): boolean =>
  fault !== undefined && "when" in fault && fault.when === "before";
const actsBefore = (fault: Fault | undefined): fault is { act: () => void } =>
  fault !== undefined && "act" in fault && fault.when !== "after";
const actsAfter = (fault: Fault | undefined): fault is { act: () => void } =>
  fault !== undefined && "act" in fault && fault.when === "after";
const movesNothing = (fault: Fault | undefined): boolean =>
  fault !== undefined && "atMostBytes" in fault && fault.atMostBytes === 0;

const failureOf = (
  fault: Fault | undefined,
  name: CallName,
  paths: readonly string[],
): Error | undefined =>
  fault !== undefined && "fail" in fault ? nodeError(fault.fail, name, paths) : undefined;

const takesDescriptor = (name: CallName, first: unknown): boolean =>
  onHandle.has(name) || (name === "writeFile" && typeof first === "number");

/** The arguments of a call, with the length of a read or write cut down. */
function limited(args: readonly unknown[], fault: Fault | undefined): readonly unknown[] {
  if (fault === undefined || !("atMostBytes" in fault)) return args;
  return args.map((arg, at) => (at === 3 ? Math.min(arg as number, fault.atMostBytes) : arg));
}

const textOf = (path: unknown): string =>
  path instanceof Uint8Array ? Buffer.from(path).toString("latin1") : String(path);

function pathsOf(name: CallName, args: readonly unknown[]): string[] {
  return args.slice(0, twoPaths.has(name) ? 2 : 1).map(textOf);
}
