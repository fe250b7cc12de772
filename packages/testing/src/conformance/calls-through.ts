import { memberOf, type FileSystemLike } from "../calls/node-file-system.ts";
import type { Face } from "./conformance-case.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- methods of an unknown object
type Method = (...args: any[]) => unknown;

/** Makes a call of `node:fs` through one of its faces; a descriptor is what `open` gave. */
export type MakeCall = (name: string, ...args: readonly unknown[]) => Promise<unknown>;

/** Methods of a `FileHandle` that have another name in `node:fs`. */
const onHandle: Readonly<Record<string, string>> = {
  close: "close",
  read: "read",
  write: "write",
  readv: "readv",
  writev: "writev",
  fstat: "stat",
  fchmod: "chmod",
  fchown: "chown",
  futimes: "utimes",
  ftruncate: "truncate",
  fsync: "sync",
  fdatasync: "datasync",
};

/** The calls of a file system, made through `face`. */
export function callsThrough(fs: FileSystemLike, face: Face): MakeCall {
  switch (face) {
    case "sync":
      return throughSync(fs);
    case "callback":
      return throughCallbacks(fs);
    case "promises":
      return throughPromises(fs);
  }
}

/** Whether what is done around a case can be done without waiting. */
export function hasSync(fs: FileSystemLike): boolean {
  return typeof memberOf(fs, "readdirSync") === "function";
}

function throughSync(fs: FileSystemLike): MakeCall {
  // `async`: what a call throws is a rejection, as in the other faces.
  return async (name, ...args) => method(fs, `${name}Sync`)(...args);
}

function throughCallbacks(fs: FileSystemLike): MakeCall {
  return (name, ...args) =>
    new Promise((resolve, reject) => {
      method(fs, name)(...args, (error: unknown, result: unknown) => {
        if (name === "exists") resolve(error);
        else if (error === null || error === undefined) resolve(result);
        else reject(error as Error);
      });
    });
}

function throughPromises(fs: FileSystemLike): MakeCall {
  return async (name, ...args) => {
    const own = onHandle[name];
    if (own === undefined) return await method(fs.promises ?? {}, name)(...args);
    const [handle, ...rest] = args;
    const result = await method(handle as object, own)(...rest);
    if (name === "read" || name === "readv") {
      return (result as { readonly bytesRead: number }).bytesRead;
    }
    if (name === "write" || name === "writev") {
      return (result as { readonly bytesWritten: number }).bytesWritten;
    }
    return result;
  };
}

/** `realpath` as realpath(3) has it: the one in JavaScript has other errors. */
function method(owner: object, name: string): Method {
  const found = (owner as Record<string, unknown>)[name];
  if (typeof found !== "function") throw new TypeError(`fs.${name} is not a function`);
  const native: unknown = (found as { native?: unknown }).native;
  return ((typeof native === "function" ? native : found) as Method).bind(owner);
}
