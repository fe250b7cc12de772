import { readFile, realpath, writeFile } from "node:fs/promises";
import path from "node:path";
import { openRoot } from "@holdfast/root";

/** The ways of staying inside a directory that are compared. */
export const ways = {
  resolve: { name: "path.resolve, startsWith", open: async (root) => checked(root, resolveInside) },
  realpath: { name: "fs.realpath, startsWith", open: async (root) => checked(root, findInside) },
  root: { name: "Root", open: openHeld },
};

/** Code for "it leads out" of the usual ways: the refusals are counted. */
const refused = "ERR_PATH_ESCAPES";

function checked(root, check) {
  return {
    write: async (name, content) => writeFile(await check(root, name), content),
    read: async (name) => readFile(await check(root, name), "utf8"),
    close: async () => {},
  };
}

/** As in any tutorial: it stops "..", and knows nothing of links. */
async function resolveInside(root, name) {
  const full = path.resolve(root, name);
  if (!full.startsWith(root + path.sep)) throw leadsOut(full);
  return full;
}

/** As in the better ones: where does it really lead? That is true for as long as nobody moves. */
async function findInside(root, name) {
  const full = path.resolve(root, name);
  const directory = await realpath(path.dirname(full)); // the file itself may not exist yet
  if (!directory.startsWith(root + path.sep)) throw leadsOut(full);
  return full;
}

function leadsOut(full) {
  return Object.assign(new Error(`${full} leads out`), { code: refused });
}

/** Nothing is flushed, as in the other ways: so that all of them are at it equally often. */
async function openHeld(directory) {
  const root = await openRoot(directory, { durable: false });
  return {
    containment: root.containment,
    write: (name, content) => root.writeFile(name, content),
    read: (name) => root.readFile(name, "utf8"),
    close: () => root.close(),
  };
}
