import { Buffer } from "node:buffer";
import { contents, type Edit, startLinks, startTree } from "./commands.ts";
import { hasCircle } from "./tree.ts";
import type { World } from "./world.ts";

/** What the workspace is at the beginning. */
export function plant({ fs, work }: World): void {
  for (const name of ["d", "d/e"]) {
    fs.mkdirSync(`${work}/${name}`);
    fs.chmodSync(`${work}/${name}`, 0o755);
  }
  for (const [name, content] of startTree) fs.writeFileSync(`${work}/${name}`, content);
  for (const [name, target] of startLinks) fs.symlinkSync(target, `${work}/${name}`);
}

export const bytes = (content: number): Buffer => Buffer.from(contents[content]!, "latin1");

/** Makes an edit, by whomever. One that the file system refuses is none. */
export function makeEdit(world: World, name: string, edit: Edit): void {
  try {
    makeOrFail(world, name, edit);
  } catch (error) {
    const { code } = error as { code?: string };
    const refusals = ["ENOENT", "EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY", "ELOOP", "EINVAL"];
    if (code === undefined || !refusals.includes(code)) throw error;
  }
}

function makeOrFail(world: World, name: string, edit: Edit): void {
  const { fs, work } = world;
  const path = `${work}/${name}`;
  const parent = path.slice(0, path.lastIndexOf("/"));
  switch (edit.kind) {
    case "write":
      if (leadsOut(world, path)) return;
      fs.mkdirSync(parent, { recursive: true });
      fs.writeFileSync(path, bytes(edit.content));
      break;
    case "replace":
      fs.writeFileSync(`${work}/.saving`, bytes(edit.content));
      try {
        fs.mkdirSync(parent, { recursive: true });
        fs.renameSync(`${work}/.saving`, path);
      } finally {
        fs.rmSync(`${work}/.saving`, { force: true });
      }
      break;
    case "disguise": {
      const stats = fs.lstatSync(path);
      if (!stats.isFile()) return;
      const size = Number(stats.size);
      fs.writeFileSync(
        path,
        bytes(edit.content).toString("latin1").padEnd(size, "~").slice(0, size),
        "latin1",
      );
      fs.utimesSync(path, stats.atime, stats.mtime);
      break;
    }
    case "delete":
      if (fs.lstatSync(path).isDirectory()) fs.rmdirSync(path);
      else fs.unlinkSync(path);
      break;
    case "chmod":
      if (!fs.lstatSync(path).isSymbolicLink()) fs.chmodSync(path, edit.mode);
      break;
    case "symlink":
      if (exists(world, path)) fs.unlinkSync(path);
      fs.symlinkSync(edit.target, path);
      // What lies behind it can neither be read nor said to be missing: that is another test.
      if (hasCircle(world.tree(), world.top)) fs.unlinkSync(path);
      break;
    case "mkdir":
      if (exists(world, path)) fs.unlinkSync(path);
      fs.mkdirSync(path, { recursive: true });
      break;
    case "rename":
      if (fs.lstatSync(path).isFile()) fs.renameSync(path, `${work}/${edit.to}`);
      break;
  }
}

const exists = ({ fs }: World, path: string): boolean =>
  fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Nobody in this game writes outside: what is there must stay as it is. */
function leadsOut({ fs, outside }: World, path: string): boolean {
  try {
    return String(fs.realpathSync(path)).startsWith(`${outside}/`);
  } catch {
    return false;
  }
}
