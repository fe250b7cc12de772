// The same service, as it is usually written: a path is resolved, must begin with the directory, must not
// be a link, and is then used. The test shows what becomes of it.
import { createHash } from "node:crypto";
import * as nodeFs from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import type { Answer, Settings, Workspace } from "./main.ts";

const etagOf = (content: string): string => createHash("sha256").update(content).digest("hex");
const closed = [".service", ".env", ".git/hooks", ".git/config"];

class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export async function openWorkspace(
  directory: string,
  { promises: fs }: typeof nodeFs = nodeFs,
): Promise<Omit<Workspace, "settings">> {
  const root = resolve(directory);
  await fs.mkdir(join(root, ".service"), { recursive: true });
  const settings: Settings = { maxFileBytes: 1_000_000 };

  async function checked(path: string): Promise<string> {
    const full = resolve(root, path);
    if (!full.startsWith(root + sep)) throw new Refused("ERR_PATH_ESCAPES");
    const within = full.slice(root.length + 1);
    if (closed.some((one) => within === one || within.startsWith(one + sep)))
      throw new Refused("ERR_DENIED");
    const found = await fs.lstat(full).catch(() => undefined);
    if (found?.isSymbolicLink()) throw new Refused("ERR_PATH_ESCAPES");
    if (found !== undefined && found.size > settings.maxFileBytes)
      throw new Refused("ERR_TOO_LARGE");
    return full;
  }

  async function answer<Result>(
    method: string,
    path: string,
    act: (full: string) => Promise<Result>,
  ): Promise<Answer<Result>> {
    let given: Answer<Result>;
    try {
      given = { ok: true, result: await act(await checked(path)) };
    } catch (error) {
      const { code = "UNKNOWN" } = error as NodeJS.ErrnoException;
      given = { ok: false, status: 500, code, alarm: code.startsWith("ERR_") };
    }
    const line = JSON.stringify({ method, path, outcome: given.ok ? "ok" : given.code });
    await fs.appendFile(join(root, ".service/log.jsonl"), `${line}\n`);
    return given;
  }

  return {
    read: (path) =>
      answer("read", path, async (full) => {
        const content = await fs.readFile(full, "utf8");
        return { content, etag: etagOf(content) };
      }),
    write: (path, content, seen) =>
      answer("write", path, async (full) => {
        const now = await fs.readFile(full, "utf8").catch(() => undefined);
        if ((now === undefined ? "none" : etagOf(now)) !== seen) throw new Refused("ERR_CHANGED");
        await fs.mkdir(dirname(full), { recursive: true });
        await fs.writeFile(full, content);
        return { etag: etagOf(content) };
      }),
    upload: (path, files) =>
      answer("upload", path, async (full) => {
        await fs.rm(full, { recursive: true, force: true });
        for (const [name, content] of Object.entries(files)) {
          const each = await checked(join(path, name));
          await fs.mkdir(dirname(each), { recursive: true });
          await fs.writeFile(each, content);
        }
        return { files: Object.keys(files).length };
      }),
    moveIn: (source, path) =>
      answer("moveIn", path, async (full) => {
        await fs.copyFile(source, full);
        await fs.unlink(source);
      }),
    moveOut: (path, destination) =>
      answer("moveOut", path, async (full) => {
        await fs.copyFile(full, destination);
        await fs.unlink(full);
      }),
    close: async () => {},
  };
}
