import type { Method } from "../call/perform.ts";
import type { Root } from "../root.ts";
import { cp } from "../tree/copy-tree.ts";
import { rm } from "../tree/remove-tree.ts";
import { access, exists } from "./access.ts";
import { appendFile } from "./append-file.ts";
import { copyFile } from "./copy-file.ts";
import { copyIn } from "./copy-in.ts";
import { copyOut } from "./copy-out.ts";
import { readdir } from "./list.ts";
import { mkdirMethod, mkdtemp } from "./make-directory.ts";
import { chmod, utimes } from "./metadata.ts";
import { link, rmdir, symlink, unlink } from "./names.ts";
import { open } from "./open-file.ts";
import { opendir } from "./open-directory.ts";
import { openRoot } from "./open-sub-root.ts";
import { readFile } from "./read-file.ts";
import { readlink, realpath } from "./read-link.ts";
import { rename } from "./rename.ts";
import { lstatMethod, statMethod } from "./stat.ts";
import { truncate } from "./truncate.ts";
import { create, writeFile } from "./write-file.ts";

/** The methods that are one call and one answer. */
export type MethodName = Exclude<
  keyof Root,
  "containment" | "promises" | "createReadStream" | "walk" | "close" | typeof Symbol.asyncDispose
>;

/** Every method that is one call and one answer, in both forms. */
export const methods: Readonly<Record<MethodName, Method>> = {
  readFile: { paths: 1, options: 1, body: readFile },
  open: { paths: 1, options: 3, body: open },
  stat: { paths: 1, options: 1, body: statMethod },
  lstat: { paths: 1, options: 1, body: lstatMethod },
  access: { paths: 1, options: 2, body: access },
  exists: { paths: 1, options: 1, body: exists },
  readdir: { paths: 1, options: 1, body: readdir },
  opendir: { paths: 1, options: 1, body: opendir },
  readlink: { paths: 1, options: 1, body: readlink },
  realpath: { paths: 1, options: 1, body: realpath },
  writeFile: { paths: 1, options: 2, body: writeFile },
  create: { paths: 1, options: 2, body: create },
  appendFile: { paths: 1, options: 2, body: appendFile },
  copyFile: { paths: 2, options: 3, body: copyFile },
  cp: { paths: 2, options: 2, body: cp },
  mkdir: { paths: 1, options: 1, body: mkdirMethod },
  mkdtemp: { paths: 1, options: 1, body: mkdtemp },
  rename: { paths: 2, options: 2, body: rename },
  rm: { paths: 1, options: 1, body: rm },
  rmdir: { paths: 1, options: 1, body: rmdir },
  unlink: { paths: 1, options: 1, body: unlink },
  symlink: { paths: 2, options: 3, body: symlink },
  link: { paths: 2, options: 2, body: link },
  truncate: { paths: 1, options: 2, body: truncate },
  chmod: { paths: 1, options: 2, body: chmod },
  utimes: { paths: 1, options: 3, body: utimes },
  copyIn: { paths: 2, content: 0, options: 2, body: copyIn },
  copyOut: { paths: 2, content: 1, options: 2, body: copyOut },
  openRoot: { paths: 1, options: 1, body: openRoot },
};
