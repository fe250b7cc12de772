import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { toFlags, toMode, toPath } from "../../calls/arguments.ts";
import { facesOf } from "../../calls/faces.ts";
import { backendOf } from "../../calls/real-backend.ts";
import type { Journal } from "./journal.ts";
import type { Control } from "../control.ts";
import { patchFileHandle } from "./patch-file-handle.ts";
import { SweptCalls } from "./swept-calls.ts";

/**
 * What is replaced: everything that can change a disk, in all of its forms, and what opens and closes.
 * Node's own `writeFile`, `rm`, `cp` and so on are made of internal calls that nobody can get between.
 * Streams are not here: Node's call `fs.open`, `fs.write` and `fs.close` of the patched object.
 */
const both = [
  "open",
  "close",
  "write",
  "writev",
  "fchmod",
  "fchown",
  "futimes",
  "ftruncate",
  "fsync",
  "fdatasync",
  "rename",
  "link",
  "unlink",
  "symlink",
  "mkdir",
  "mkdtemp",
  "rmdir",
  "rm",
  "chmod",
  "chown",
  "lchown",
  "utimes",
  "lutimes",
  "truncate",
  "writeFile",
  "appendFile",
  "copyFile",
  "cp",
] as const;

type Functions = Record<string, (...args: never[]) => unknown>;

/** Puts the counted calls under `node:fs`, for the whole process and every way of importing it. */
export async function patchFileSystem(
  control: Extract<Control, { mode: "sweep" }>,
  journal: Journal,
): Promise<void> {
  // Copies: what is patched below must not be what the calls are made with. Without `promises`, so
  // that every descriptor is a plain number: Node closes that of a `FileHandle` that nobody holds.
  const { promises: originalPromises, ...original } = fs;
  const { open } = originalPromises;
  const calls = new SweptCalls(control, journal, backendOf(original));
  const backend = calls.backend();
  const face = facesOf(backend) as unknown as Functions;
  const promises = facesOf(backend).promises as unknown as Functions;
  await patchFileHandle(backend);

  const target = fs as unknown as Functions;
  for (const name of both) {
    replace(target, name, face[name]!);
    replace(target, `${name}Sync`, face[`${name}Sync`]!);
  }
  const targetPromises = fs.promises as unknown as Functions;
  for (const name of both) {
    if (name in targetPromises)
      replace(targetPromises, name, withRealHandles(name, promises[name]!));
  }
  replace(targetPromises, "open", (async (path: unknown, flags?: unknown, mode?: unknown) => {
    const args = [toPath(path), toFlags(flags, "r"), toMode(mode, 0o666)] as const;
    const handle = await calls.async({ name: "open", args, via: "open" }, () => open(...args));
    calls.opened(handle.fd, String(args[0]));
    return handle;
  }) as Functions[string]);
  syncBuiltinESMExports();
}

/** `promises.writeFile(handle, …)`: the handle is Node's, and its own method is patched. */
function withRealHandles(name: string, method: Functions[string]): Functions[string] {
  if (name !== "writeFile" && name !== "appendFile") return method;
  return ((file: unknown, ...rest: never[]) =>
    isFileHandle(file)
      ? file[name]!(...rest)
      : method(file as never, ...rest)) as Functions[string];
}

const isFileHandle = (file: unknown): file is Functions =>
  typeof file === "object" && file !== null && "fd" in file && "datasync" in file;

function replace(target: Functions, name: string, replacement: Functions[string]): void {
  const original = target[name];
  if (original === undefined) return;
  // `util.promisify(fs.write)` finds what it needs in properties of the function.
  for (const key of Object.getOwnPropertySymbols(original)) {
    const property = Object.getOwnPropertyDescriptor(original, key)!;
    Object.defineProperty(replacement, key, property);
  }
  Object.defineProperty(replacement, "name", { value: name, configurable: true });
  target[name] = replacement;
}
