/** `readdir` in its forms, and `opendir`. */

import type { Dirent } from "node:fs";
import { toBoolean, toEncoding, toInteger, toOptions, type Encoding } from "../arguments.ts";
import type { Path } from "../call.ts";
import { make, type Composite } from "../composite.ts";
import { Directory } from "../directory.ts";
import { asErrorOf } from "../node-error.ts";
import { walk } from "./trees.ts";

interface ListingOptions {
  readonly encoding: Encoding;
  readonly withFileTypes: boolean;
  readonly recursive: boolean;
}

export function toReaddir(options: unknown): ListingOptions {
  const encoding = toEncoding(options, "utf8");
  const { withFileTypes, recursive } = toOptions<ListingOptions>(options);
  return {
    encoding,
    withFileTypes: Boolean(withFileTypes),
    recursive: toBoolean(recursive, "options.recursive"),
  };
}

type Listed = string[] | Buffer[] | Dirent[];

export function* listing(path: Path, options: ListingOptions): Composite<Listed> {
  const { encoding, withFileTypes, recursive } = options;
  if (!recursive) return yield* make("readdir", path, { encoding, withFileTypes });
  const found = yield* walk(path.toString());
  if (withFileTypes) return found.map(({ entry }) => entry);
  const names = found.map(({ name }) => name);
  if (encoding === "utf8") return names;
  return encoding === "buffer"
    ? names.map((name) => Buffer.from(name))
    : names.map((name) => Buffer.from(name).toString(encoding));
}

export function toOpendir(options: unknown): ListingOptions {
  const { bufferSize } = toOptions<{ bufferSize: unknown }>(options);
  if (bufferSize !== undefined) toInteger(bufferSize, "options.bufferSize", 1, 2 ** 32 - 1);
  return { ...toReaddir(options), withFileTypes: true };
}

/** What `opendir` gives: the entries as they are when it is opened. Its failures are its own. */
export function* openDirectory(path: string, options: ListingOptions): Composite<Directory> {
  try {
    return new Directory(path, (yield* listing(path, options)) as Dirent[]);
  } catch (error) {
    throw asErrorOf("opendir", error, [path]);
  }
}
