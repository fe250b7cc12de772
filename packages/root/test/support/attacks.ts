/** What somebody does who may rename things around and inside a root, between two calls. */

import type { World, WorldFileSystem } from "./attack-world.ts";

export interface Attack {
  readonly name: string;
  /** The two names that change places; with `"to and fro"` one of them is nowhere at a time. */
  readonly verb: "exchange" | "to and fro";
  readonly names: readonly [string, string];
  act(fs: WorldFileSystem, world: World): void;
  /** Takes it back. */
  undo(fs: WorldFileSystem, world: World): void;
}

/** Every kind of swap of the design, one each. Paths are those of a {@link World}. */
export const attacks: readonly Attack[] = [
  exchange("directory and link to outside, absolute", "home/root/a", "home/root/to-a"),
  exchange("directory and link to outside, relative", "home/root/a/b", "home/root/to-b"),
  exchange("directory and another one inside", "home/root/a/b", "home/root/c/b"),
  exchange("directory and one from outside", "home/root/a", "stranger/a"),
  exchange("directory and a link inside", "home/root/a", "home/root/to-c"),
  exchange("directory and file", "home/root/a/b", "home/root/plain.txt"),
  exchange("directory and dangling link", "home/root/a/b", "home/root/to-nothing"),
  exchange("the root and a decoy", "home/root", "decoy"),
  exchange("the parent of the root", "home", "home2"),
  exchange("last name and link to outside file", "home/root/a/b/file.txt", "home/root/to-file"),
  exchange("last name and link to outside directory", "home/root/a/b/file.txt", "home/root/to-a"),
  exchange("last name and dangling link", "home/root/a/b/file.txt", "home/root/to-nothing"),
  exchange("file and hard link of an outside file", "home/root/a/b/file.txt", "home/root/hard.txt"),
  exchange("inner tree and link to outside", "home/root/a/b/tree", "home/root/to-a"),
  plant("link planted where a file is made", "home/root/a/b/new.txt", "home/root/to-file"),
  plant(
    "dangling link planted where a file is made",
    "home/root/a/b/new.txt",
    "home/root/to-nothing",
  ),
  plant("hard link planted where a file is made", "home/root/a/b/new.txt", "home/root/hard.txt"),
  plant("link planted where a directory is made", "home/root/a/b/made", "home/root/to-a"),
  takeOut("parent moved out", "home/root/a/b", "taken/b"),
  takeOut("ancestor moved out", "home/root/a", "taken/a"),
  takeOut("the root moved away", "home/root", "taken/root"),
];

/** What two names lead to changes places. In between nobody looks. */
function exchange(name: string, first: string, second: string): Attack {
  const act: Attack["act"] = (fs, world) => exchangeNames(fs, world, first, second);
  return { name, verb: "exchange", names: [first, second], act, undo: act };
}

function exchangeNames(fs: WorldFileSystem, world: World, first: string, second: string): void {
  const spare = world.at("spare");
  fs.renameSync(world.at(first), spare);
  try {
    fs.renameSync(world.at(second), world.at(first));
  } catch (error) {
    fs.renameSync(spare, world.at(first));
    throw error;
  }
  fs.renameSync(spare, world.at(second));
}

/** As {@link exchange}, also where nothing has the first name yet. */
function plant(name: string, first: string, second: string): Attack {
  const isThere = (fs: WorldFileSystem, path: string): boolean =>
    fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  return {
    name,
    verb: "to and fro",
    names: [second, first],
    act(fs, world) {
      if (isThere(fs, world.at(first))) exchangeNames(fs, world, first, second);
      else fs.renameSync(world.at(second), world.at(first));
    },
    undo(fs, world) {
      if (isThere(fs, world.at(second))) exchangeNames(fs, world, first, second);
      else fs.renameSync(world.at(first), world.at(second));
    },
  };
}

function takeOut(name: string, from: string, to: string): Attack {
  return {
    name,
    verb: "to and fro",
    names: [from, to],
    act: (fs, world) => fs.renameSync(world.at(from), world.at(to)),
    undo: (fs, world) => fs.renameSync(world.at(to), world.at(from)),
  };
}
