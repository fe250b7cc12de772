import type { PlatformName } from "@holdfast/fs";
import type { CallName, CallTable } from "./call.ts";
import type { FileSystemLike } from "./node-file-system.ts";

/** Where in the program a call comes from. */
export interface Origin {
  /** The method of `node:fs` that the program called: `"writeFile"` for the `open` in it. */
  readonly via: string;
  /** `"file:line:column"` of the program, if somebody asked for it. */
  readonly caller?: string;
}

/**
 * Who makes the calls in the end, or passes them on: a real file system, the memory file system, or
 * an interception in front of either. Everything in this package that stands between a program and
 * its file system turns one backend into another; `facesOf` then gives it the shape of `node:fs`.
 */
export interface Backend {
  /** Throws what the call throws. */
  sync<Name extends CallName>(
    name: Name,
    args: Parameters<CallTable[Name]>,
    origin: Origin,
  ): ReturnType<CallTable[Name]>;
  async<Name extends CallName>(
    name: Name,
    args: Parameters<CallTable[Name]>,
    origin: Origin,
  ): Promise<ReturnType<CallTable[Name]>>;
  /** `fs.constants` of the file system. */
  readonly constants: Readonly<Record<string, number>>;
  /** The object that it makes the calls of, if there is one: `watch` and the like are its own. */
  readonly object?: FileSystemLike;
  /** Whose rules it follows, if that is not the platform that the program runs on. */
  readonly platform?: PlatformName;
}
