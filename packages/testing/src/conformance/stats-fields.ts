import type { BigIntStats, Stats } from "node:fs";

type AnyStats = Stats | BigIntStats;

const fields: Readonly<Record<string, (stats: AnyStats) => unknown>> = {
  type: typeOf,
  mode: ({ mode }) => (Number(mode) & 0o7777).toString(8),
  nlink: ({ nlink }) => Number(nlink),
  uid: ({ uid }) => Number(uid),
  gid: ({ gid }) => Number(gid),
  size: ({ size }) => Number(size),
  dev: ({ dev }) => (Number(dev) === 0 ? "0" : "not-0"),
  ino: ({ ino }) => (Number(ino) === 0 ? "0" : "not-0"),
  blksize: ({ blksize }) => (Number(blksize) > 0 ? "some" : "none"),
  atime: ({ atimeMs }) => Number(atimeMs) / 1000,
  mtime: ({ mtimeMs }) => Number(mtimeMs) / 1000,
  nanoseconds: (stats) => ("mtimeNs" in stats ? `${stats.atimeNs} ${stats.mtimeNs}` : "none"),
  shape: shapeOf,
};

/** The words of a `stat` step that ask for a field, answered. */
export function fieldsOf(stats: AnyStats, wanted: readonly string[]): string {
  return wanted
    .filter((name) => name !== "bigint")
    .map((name) => {
      const field = fields[name];
      if (field === undefined) throw new TypeError(`a script asks for the field ${name}`);
      return String(field(stats));
    })
    .join(" ");
}

/** All of the `is…` methods that say yes: there is to be one. */
function typeOf(stats: AnyStats): string {
  const types = {
    file: stats.isFile(),
    directory: stats.isDirectory(),
    symlink: stats.isSymbolicLink(),
    fifo: stats.isFIFO(),
    socket: stats.isSocket(),
    block: stats.isBlockDevice(),
    character: stats.isCharacterDevice(),
  };
  const said = Object.entries(types).filter(([, is]) => is);
  return said.map(([name]) => name).join("+");
}

const numeric = (
  "dev mode nlink uid gid rdev blksize ino size blocks " + "atimeMs mtimeMs ctimeMs birthtimeMs"
).split(" ");
const dates = ["atime", "mtime", "ctime", "birthtime"];
const nanoseconds = ["atimeNs", "mtimeNs", "ctimeNs", "birthtimeNs"];

/** `"number"` or `"bigint"` if it is all of it, else which fields are not. */
function shapeOf(stats: AnyStats): string {
  const values = stats as unknown as Readonly<Record<string, unknown>>;
  const kind = typeof stats.size;
  const wrong = [
    ...numeric.filter((name) => typeof values[name] !== kind),
    ...dates.filter((name) => !(values[name] instanceof Date)),
    ...(kind === "bigint" ? nanoseconds.filter((name) => typeof values[name] !== kind) : []),
  ];
  return [kind, ...wrong.map((name) => `but ${name}`)].join(" ");
}
