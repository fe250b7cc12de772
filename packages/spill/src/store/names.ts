import { createHash, randomBytes } from "node:crypto";

/** The directory in a session in which files are written before they get their names. It marks a session. */
export const privateDirectory = ".spill";

const longestBase = 64;

/** What the name of an output's file begins with: the same for one id, and for no other. */
export function baseOf(id: string): string {
  const safe = id
    .slice(0, 4 * longestBase)
    .replace(/[^A-Za-z0-9_-]+/g, "_")
    .replace(/^-+/, "") // which a shell would take for an option
    .slice(0, longestBase);
  // Of the units of the string: two ids whose lone surrogates differ are not one.
  const hash = createHash("sha256").update(Buffer.from(id, "utf16le")).digest("hex");
  return `${safe === "" ? "output" : safe}-${hash.slice(0, 8)}`;
}

/** More of them are not all taken: a file system that says so would keep the call for ever. */
const randomNames = 8;

/** The names that a file may get, one after the other: where one is taken by something else the next is tried. */
export function* namesFor(base: string, sha256: string, extension: string): Generator<string> {
  yield `${base}.${extension}`;
  yield `${base}-${sha256.slice(0, 16)}.${extension}`;
  for (let i = 0; i < randomNames; i++) {
    yield `${base}-${randomBytes(8).toString("hex")}.${extension}`;
  }
}

const filePattern =
  /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}-[0-9a-f]{8}(?:-[0-9a-f]{16})?\.[A-Za-z0-9]{1,16}$/;
const stagedPattern = /^[0-9a-f]{32}\.part$/;
const pinSuffix = ".pin";

/** Whether a name in a session is of the form that outputs get. */
export const isFileName = (name: string): boolean => filePattern.test(name);

/** Whether a name in the private directory is that of a file that is being written. */
export const isStagedName = (name: string): boolean => stagedPattern.test(name);

/** What the names begin with that this process gives to files that it is writing. */
const own = randomBytes(8).toString("hex");

export const newStagedName = (): string => `${own}${randomBytes(8).toString("hex")}.part`;

/** Whether this process is writing a file of that name, or has. */
export const isOwnStagedName = (name: string): boolean =>
  isStagedName(name) && name.startsWith(own);

/** The name, in the private directory, that says that a file is pinned. */
export const pinOf = (file: string): string => `${file}${pinSuffix}`;

/** The file that a name in the private directory pins. */
export function pinnedBy(name: string): string | undefined {
  const file = name.endsWith(pinSuffix) ? name.slice(0, -pinSuffix.length) : "";
  return isFileName(file) ? file : undefined;
}
