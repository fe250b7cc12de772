// A service that keeps somebody's workspace: files are read and changed, directories uploaded, files moved in
// and out. Who asks chooses the paths, and may have got links into the tree; everything goes through a root,
// the service's own settings, log and lock too.
import { createHash, randomUUID } from "node:crypto";
import * as nodeFs from "node:fs";
import { posix } from "node:path";
import { openJsonLog, openJsonStore, type JsonStore } from "@holdfast/json";
import { withLock } from "@holdfast/lock";
import { isHoldfastError, openRoot } from "@holdfast/root";

export interface Settings {
  readonly maxFileBytes: number;
}

/** A mistake, an attempt, a conflict and a full disk are different things, to the client and to us. */
export type Answer<Result> =
  | { readonly ok: true; readonly result: Result }
  | {
      readonly ok: false;
      readonly status: number;
      readonly code: string;
      /** Somebody tried to get at what is not his: a person should hear of it. */
      readonly alarm: boolean;
    };

export interface Workspace {
  readonly settings: JsonStore<Settings>;
  read(path: string): Promise<Answer<{ content: string; etag: string }>>;
  /** Replaces what the client has seen, or makes what it has seen to be missing (`"none"`). */
  write(path: string, content: string, seen: string): Promise<Answer<{ etag: string }>>;
  /**
   * Puts a whole tree in the place of the one that was uploaded there before, in one step. That one is removed:
   * who is going through it at that moment finds the rest of it gone.
   */
  upload(directory: string, files: Files): Promise<Answer<{ files: number }>>;
  /** From a place of ours, which may be on another device. At no moment is the file in neither of them. */
  moveIn(source: string, path: string): Promise<Answer<void>>;
  moveOut(path: string, destination: string): Promise<Answer<void>>;
  close(): Promise<void>;
}

/** Content by path. */
export type Files = Readonly<Record<string, string>>;

const statuses: Readonly<Record<string, number>> = {
  ERR_PATH_INVALID: 400,
  ERR_PATH_ESCAPES: 403,
  ERR_DENIED: 403,
  ERR_HARDLINK: 403,
  ENOENT: 404,
  EEXIST: 409,
  EISDIR: 409,
  ENOTDIR: 409,
  EINVAL: 409, // an upload where there is something else
  ERR_CHANGED: 412,
  ERR_TOO_LARGE: 413,
  ENOSPC: 507,
};
const etagOf = (content: Buffer | string): string =>
  createHash("sha256").update(content).digest("hex");

export async function openWorkspace(
  directory: string,
  fileSystem: typeof nodeFs = nodeFs,
): Promise<Workspace> {
  const own = await openRoot(directory, { fileSystem });
  const settings = await openJsonStore<Settings>({
    path: { root: own, path: ".service/settings.json" },
    defaults: { maxFileBytes: 1_000_000 },
  });
  const log = await openJsonLog({ root: own, path: ".service/log.jsonl" });
  // The same directory with less rights: all that a client asks for is done with this one.
  const theirs = await openRoot(directory, {
    deny: {
      read: [".service", ".env"],
      write: [".service", ".uploads", ".env", ".git/hooks", ".git/config"], // git runs what these name
    },
    maxReadBytes: settings.get().maxFileBytes,
    fileSystem,
  });

  async function answer<Result>(
    method: string,
    path: string,
    act: () => Promise<Result>,
  ): Promise<Answer<Result>> {
    let given: Answer<Result>;
    try {
      given = { ok: true, result: await act() };
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      const status = statuses[error.code] ?? 500;
      given = { ok: false, status, code: error.code, alarm: status === 403 };
    }
    const outcome = given.ok ? "ok" : given.code;
    await log.append({ at: new Date().toISOString(), method, path, outcome });
    return given;
  }

  /** A tree is published by a link to it: to rename a link over another one is a single step. */
  async function publish(directory: string, files: Files): Promise<void> {
    const parent = await theirs.realpath(posix.dirname(directory));
    const name = posix.join(parent, posix.basename(directory));
    const before = (await theirs.exists(name)) ? await theirs.readlink(name) : undefined;
    const tree = `.uploads/${randomUUID()}`;
    const link = `${name}.${posix.basename(tree)}`;
    await own.mkdir(tree, { recursive: true });
    const staged = await own.openRoot(tree); // for the names in an upload `..` ends here
    try {
      for (const [path, content] of Object.entries(files))
        await staged.create(path, content, { create: true });
      await theirs.symlink(posix.relative(parent, tree), link);
      await theirs.rename(link, name);
    } catch (error) {
      await own.rm(link, { force: true });
      await own.rm(tree, { recursive: true });
      throw error;
    } finally {
      await staged.close();
    }
    // Only what is an upload: the link that was there could have been put there by anybody.
    const old = before === undefined ? "" : posix.join(parent, before);
    if (/^\.uploads\/[\da-f-]{36}$/.test(old)) await own.rm(old, { recursive: true, force: true });
  }

  return {
    settings,
    read: (path) =>
      answer("read", path, async () => {
        const content = await theirs.readFile(path);
        return { content: content.toString(), etag: etagOf(content) };
      }),
    write: (path, content, seen) =>
      answer("write", path, async () => {
        const ifMatch = seen === "none" ? ({ absent: true } as const) : { sha256: seen };
        await theirs.writeFile(path, content, { ifMatch, create: true });
        return { etag: etagOf(content) };
      }),
    upload: (directory, files) =>
      answer("upload", directory, () =>
        withLock({ root: own, path: ".service/upload" }, async () => {
          await publish(directory, files);
          return { files: Object.keys(files).length };
        }),
      ),
    moveIn: (source, path) =>
      answer("moveIn", path, async () => {
        await theirs.copyIn(source, path, { create: true, overwrite: false }); // flushed,
        await fileSystem.promises.unlink(source); // and only then taken away
      }),
    moveOut: (path, destination) =>
      answer("moveOut", path, async () => {
        await theirs.copyOut(path, destination, { overwrite: false });
        await theirs.unlink(path);
      }),
    async close() {
      await log.close();
      await settings.close();
      await Promise.all([theirs.close(), own.close()]);
    },
  };
}

if (import.meta.filename === process.argv[1]) {
  const [directory = ".", path = "notes.md", content = "hello"] = process.argv.slice(2);
  const workspace = await openWorkspace(directory);
  const found = await workspace.read(path);
  console.log(found);
  console.log(await workspace.write(path, content, found.ok ? found.result.etag : "none"));
  await workspace.close();
}
