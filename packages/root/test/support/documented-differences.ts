/**
 * Where a root is not plain fs, on purpose. Everything that is not here must be the same; and what is
 * here must be so, or its row is out of date.
 */

import type { PathMethod } from "./methods.ts";
import { shownKind } from "./path-kinds.ts";
import type { Path } from "./surface.ts";

/** A rule of the contract of `Root`: calls that it refuses, changing nothing. */
export interface Refusals {
  readonly refused: string;
  readonly because: string;
  readonly applies: (method: PathMethod, row: string) => boolean;
}

const special = new Set(["fifo", "device", "socket"]);
const makesOnly = /^(?:open wx|writeFile wx|create|copyFile to COPYFILE_EXCL)$/;
/** By way of a staged file, whose name is made from that of the target. */
const replaces = /^(?:writeFile(?: new| wx)?|create|copyIn|copyFile to.*)$/;
const notUtf8 = /^bytes .*\u00ff/;

export const refusals: readonly Refusals[] = [
  {
    refused: "ERR_NOT_FILE",
    because: "a FIFO, socket or device is never opened: that could hang, or act",
    applies: ({ name, content }, row) =>
      special.has(row) &&
      (content !== undefined || name === "open O_DIRECTORY") &&
      !makesOnly.test(name),
  },
  {
    refused: "ERR_HARDLINK",
    because: "what is special here has a second name, in the store of such things",
    applies: ({ name }, row) => special.has(row) && /^(?:chmod|utimes)/.test(name),
  },
  {
    refused: "ERR_PATH_INVALID",
    because: "a file is replaced only under a name that is valid UTF-8",
    applies: ({ name }, row) => notUtf8.test(row) && replaces.test(name),
  },
  {
    refused: "EINVAL",
    because: "Node would empty the directory by way of its name with dots",
    applies: ({ name }, row) =>
      name.startsWith("rm recursive") && /^(?:dir|dirlink|dir\/sub|sublink)\/\.\.$/.test(row),
  },
];

/** Rows in which Node itself does not do what the kernel does: nothing to compare with. */
export interface Quirk {
  readonly because: string;
  readonly applies: (method: PathMethod, row: string) => boolean;
}

const link = /^(?:dirlink|sublink|dangling|dotlink|missing)\b/;

export const quirks: readonly Quirk[] = [
  {
    because: "Node would wait for ever, or act on a device",
    applies: ({ content }, row) => /^(?:fifo|device)$/.test(row) && content !== undefined,
  },
  {
    because: "Node takes no bytes here",
    applies: ({ name }, row) =>
      row.startsWith("bytes ") && /^(?:cp|walk|readdir recursive|openRoot)/.test(name),
  },
  {
    because: "Node's cp resolves dots on the string, and makes parents of what it is to refuse",
    applies: ({ name }, row) => name.startsWith("cp ") && link.test(row) && /\/(?:\.|$)/.test(row),
  },
  {
    because: "Node says that it removed what is behind a link, and removed nothing",
    applies: ({ name }, row) =>
      name.startsWith("rm recursive") && /^(?:dir|empty|dot)link\/$/.test(row),
  },
  {
    because: "Node answers with a string that cannot name what was made",
    applies: ({ name }, row) => name === "mkdtemp" && notUtf8.test(row),
  },
  {
    because: "realpath(3) of the C library has no limit",
    applies: ({ name }, row) => name === "realpath" && row.endsWith("(4559)"),
  },
];

/** Codes that Node made up, by what the kernel or a root calls the same. */
export const codesOfNode: Readonly<Record<string, readonly string[]>> = {
  ERR_FS_EISDIR: ["EISDIR"],
  // The same thing, or one inside the other.
  ERR_FS_CP_EINVAL: ["EINVAL", "ERR_INSIDE_SOURCE"],
  ERR_FS_CP_NON_DIR_TO_DIR: ["ENOTDIR"],
  ERR_FS_CP_DIR_TO_NON_DIR: ["EISDIR"],
  ERR_FS_CP_EEXIST: ["EEXIST"],
  ERR_FS_CP_FIFO_PIPE: ["ERR_NOT_FILE"],
  ERR_FS_CP_SOCKET: ["ERR_NOT_FILE"],
  ERR_FS_CP_UNKNOWN: ["ERR_NOT_FILE"],
};

/** What must come of a call: a refusal, nothing that can be said, or what plain fs does. */
export function documentedDifference(method: PathMethod, path: Path): Refusals | Quirk | undefined {
  const row = typeof path === "string" && path.length <= 40 ? path : shownKind(path);
  const applies = (one: Refusals | Quirk): boolean => one.applies(method, row);
  return refusals.find(applies) ?? quirks.find(applies);
}
