/**
 * What an attack takes place in: a root, somebody else's directories around it that no call may touch
 * (the canaries), and what an attacker has put ready to swap in.
 */

import type { NodeFileSystem } from "@holdfast/testing";

/** The part of `node:fs` that a world is built and looked at with. */
export type WorldFileSystem = Pick<
  NodeFileSystem,
  | "mkdirSync"
  | "writeFileSync"
  | "symlinkSync"
  | "linkSync"
  | "utimesSync"
  | "lutimesSync"
  | "chmodSync"
  | "renameSync"
  | "lstatSync"
  | "readlinkSync"
  | "readFileSync"
  | "readdirSync"
>;

/** When every canary was changed last: stats that say so are those of a canary. */
export const canarySeconds = 1_000_000_000;

interface Seen {
  readonly path: string;
  /** All that can be changed. */
  readonly whole: string;
  /** What a program that changes nothing leaves as it is: no times, no inode numbers. */
  readonly brief: string;
  readonly ino: bigint;
  readonly content: string;
}

/** One world, below one directory of one file system. */
export class World {
  /** Where it is, for those who act in it: also in the links. */
  readonly base: string;
  /** The directory that is opened as a root. */
  readonly root: string;
  /** Where it is now. */
  private readonly place: string;

  constructor(base: string, place: string = base) {
    this.base = base;
    this.place = place;
    this.root = `${base}/home/root`;
  }

  at(path: string): string {
    return `${this.place}/${path}`;
  }

  build(fs: WorldFileSystem): void {
    for (const name of ["home", "home2", "stranger", "out", "taken"]) {
      fs.mkdirSync(this.at(name), { recursive: true });
    }
    fs.mkdirSync(this.at("outside"));
    fs.writeFileSync(this.at("outside/linked.txt"), "canary linked");
    this.plantRoot(fs, "home/root", "inside");
    this.plantRoot(fs, "home2/root", "canary of the parent");
    this.plantRoot(fs, "decoy", "canary of the root");
    this.plantShape(fs, "outside/a", "canary outside");
    this.plantShape(fs, "stranger/a", "stranger");
    fs.writeFileSync(this.at("in.txt"), "brought in");
    this.plantSwaps(fs);
    for (const name of ["outside", "decoy", "home2/root"]) {
      fs.writeFileSync(this.at(`${name}/canary-${name.replace("/", "-")}`), "canary");
      this.age(fs, this.at(name));
    }
    // It has a name in the root: there its stats are no secret.
    fs.utimesSync(this.at("outside/linked.txt"), 7, 7);
  }

  private plantRoot(fs: WorldFileSystem, root: string, content: string): void {
    fs.mkdirSync(this.at(root));
    this.plantShape(fs, `${root}/a`, content);
    this.plantShape(fs, `${root}/c`, content === "inside" ? "second" : content);
  }

  private plantShape(fs: WorldFileSystem, top: string, content: string): void {
    const at = this.at(top);
    for (const name of ["", "/b", "/b/empty", "/b/tree", "/b/tree/sub"]) fs.mkdirSync(at + name);
    for (const name of ["file.txt", "tree/x.txt", "tree/sub/y.txt"]) {
      fs.writeFileSync(`${at}/b/${name}`, `${content} ${name}`);
    }
    fs.symlinkSync("file.txt", `${at}/b/link`);
    fs.symlinkSync(`${this.root}/c/b/file.txt`, `${at}/b/absolute`);
    if (content.startsWith("canary")) fs.writeFileSync(`${at}/b/canary-only.txt`, content);
  }

  private plantSwaps(fs: WorldFileSystem): void {
    const root = this.at("home/root");
    const told = (path: string): string => `${this.base}/${path}`;
    fs.writeFileSync(`${root}/plain.txt`, "plain");
    fs.symlinkSync(told("outside/missing"), `${root}/to-nothing`);
    fs.symlinkSync(told("outside/a"), `${root}/to-a`);
    fs.symlinkSync("../../../outside/a/b", `${root}/to-b`); // as read in `a`
    fs.symlinkSync(told("outside/a/b/file.txt"), `${root}/to-file`);
    fs.symlinkSync("c", `${root}/to-c`);
    fs.linkSync(this.at("outside/linked.txt"), `${root}/hard.txt`);
  }

  /** Gives everything its time, what is in a directory first. */
  private age(fs: WorldFileSystem, path: string): void {
    const stats = fs.lstatSync(path);
    if (stats.isDirectory()) {
      for (const name of fs.readdirSync(path)) this.age(fs, `${path}/${name}`);
    }
    fs.lutimesSync(path, canarySeconds, canarySeconds);
  }

  /** All that there is, the canaries apart, wherever they are by now. */
  look(fs: WorldFileSystem): { readonly canaries: string[]; readonly others: Seen[] } {
    const canaries: string[] = [];
    const others: Seen[] = [];
    this.visit(fs, this.place, (seen, canary) => {
      if (canary === undefined) others.push(seen);
      else canaries.push(`${canary.id}: ${seen.path.slice(canary.at.length)} ${seen.whole}`);
    });
    return { canaries: canaries.sort(), others };
  }

  private visit(
    fs: WorldFileSystem,
    path: string,
    tell: (seen: Seen, canary: Canary | undefined) => void,
    canary?: Canary,
  ): void {
    const stats = fs.lstatSync(path, { bigint: true });
    const names = stats.isDirectory() ? fs.readdirSync(path) : [];
    const id = names.find((name) => name.startsWith("canary-") && name !== "canary-only.txt");
    const within = id === undefined ? canary : { id, at: path };
    const content = stats.isSymbolicLink()
      ? `-> ${fs.readlinkSync(path)}`
      : stats.isFile()
        ? fs.readFileSync(path, "utf8")
        : "";
    const { mode, uid, gid, nlink, size, mtimeNs, ino } = stats;
    const brief = `${mode.toString(8)} ${uid}:${gid} = ${content}`;
    const whole = `${brief} ino=${ino} nlink=${nlink} size=${size} mtime=${mtimeNs}`;
    tell({ path, whole, brief: `${path.slice(this.place.length)} ${brief}`, ino, content }, within);
    for (const name of names) this.visit(fs, `${path}/${name}`, tell, within);
  }
}

interface Canary {
  readonly id: string;
  readonly at: string;
}
