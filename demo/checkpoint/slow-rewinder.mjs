// Rewinds, and stands still before a certain change of the tree: says so, and waits for its end.
//   node slow-rewinder.mjs FOLDER STORE SNAPSHOT NUMBER
import * as nodeFs from "node:fs";
import { basename } from "node:path";
import { openCheckpoints } from "@holdfast/checkpoint";
import { and, hang, injectFaults, not, nth, op, path, rule } from "@holdfast/testing";

const [folder, store, id, number] = process.argv.slice(2);
// What changes names in the tree, and modes; not the writing of what has no name yet that anybody knows.
const changes = and(
  op("rename", "link", "unlink", "symlink", "mkdir", "rmdir", "chmod", "fchmod"),
  not(path(`**/${basename(store)}/**`)),
);
const change = rule(and(changes, nth(Number(number))), hang());
void change.reached().then(() => console.log("standing still"));
setInterval(() => {}, 60_000); // or Node would end a program that waits for nothing

const { promises } = injectFaults(nodeFs, change);
const fileSystem = { ...nodeFs, promises };
const checkpoints = await openCheckpoints({ store, roots: [folder], session: "demo", fileSystem });
await checkpoints.restoreToSnapshot(id);
throw new Error(`the rewind ended before its change number ${number}`);
