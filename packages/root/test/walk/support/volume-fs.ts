import * as fs from "node:fs";

const pathOnly = 0o10000000; // O_PATH of Linux

/**
 * Node's own file system with an emulation of macOS's `/.vol/<device>/<inode>`: everything that has been
 * seen is held by a descriptor, and such a path goes on from that.
 */
export function volumeFs(): {
  readonly fileSystem: typeof fs;
  readonly release: () => void;
  /** The descriptors that are open through it. */
  readonly open: () => number;
} {
  const held = new Map<string, number>();
  let opened = 0;
  const keyOf = ({ dev, ino }: fs.BigIntStats): string => `${dev}/${ino}`;

  /** Holds what a descriptor has open, and says what it is. */
  const see = (fd: number): fs.BigIntStats => {
    const stats = fs.fstatSync(fd, { bigint: true });
    const key = keyOf(stats);
    if (held.has(key) || stats.isSymbolicLink()) fs.closeSync(fd);
    else held.set(key, fd);
    return stats;
  };
  const descriptor = (path: string): { readonly fd: number; readonly rest: string } | undefined => {
    const [, key, rest] = /^\/\.vol\/(\d+\/\d+)(\/.*)?$/.exec(path) ?? [];
    if (key === undefined) return undefined;
    const fd = held.get(key);
    const gone = fd === undefined || fs.fstatSync(fd).nlink === 0;
    if (gone) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
    return { fd, rest: rest ?? "" };
  };
  const real = (path: unknown): string => {
    const found = descriptor(String(path));
    return found === undefined ? String(path) : `/proc/self/fd/${found.fd}${found.rest}`;
  };
  /** By itself a path of a volume is no link, as the ones of /proc are. */
  const look = (path: unknown, follow: boolean, options: unknown): unknown => {
    const itself = descriptor(String(path))?.rest === "";
    const flags = pathOnly | (follow || itself ? 0 : fs.constants.O_NOFOLLOW);
    const stats = see(fs.openSync(real(path), flags));
    if ((options as { bigint?: boolean } | undefined)?.bigint === true) return stats;
    return follow || itself ? fs.statSync(real(path)) : fs.lstatSync(real(path));
  };
  const through =
    (
      name: "readlink" | "readdir" | "chmod" | "access" | "lutimes" | "unlink" | "mkdir" | "rmdir",
    ) =>
    async (path: unknown, ...rest: unknown[]): Promise<unknown> =>
      (fs.promises[name] as (...args: unknown[]) => Promise<unknown>)(real(path), ...rest);

  const promises = {
    ...fs.promises,
    lstat: async (path: unknown, options: unknown) => look(path, false, options),
    stat: async (path: unknown, options: unknown) => look(path, true, options),
    open: async (path: unknown, flags: number, mode?: number) => {
      const itself = descriptor(String(path))?.rest === "";
      const wanted = itself ? flags & ~fs.constants.O_NOFOLLOW : flags;
      const handle = await fs.promises.open(real(path), wanted, mode);
      see(fs.openSync(`/proc/self/fd/${handle.fd}`, pathOnly));
      opened++;
      const close = handle.close.bind(handle);
      handle.close = async () => {
        opened--;
        await close();
      };
      return handle;
    },
    rename: (from: unknown, to: unknown) => fs.promises.rename(real(from), real(to)),
    link: (from: unknown, to: unknown) => fs.promises.link(real(from), real(to)),
    readlink: through("readlink"),
    readdir: through("readdir"),
    chmod: through("chmod"),
    access: through("access"),
    lutimes: through("lutimes"),
    unlink: through("unlink"),
    mkdir: through("mkdir"),
    rmdir: through("rmdir"),
  };
  return {
    fileSystem: { ...fs, platform: "darwin", promises } as unknown as typeof fs,
    release() {
      for (const fd of held.values()) fs.closeSync(fd);
      held.clear();
    },
    open: () => opened,
  };
}
