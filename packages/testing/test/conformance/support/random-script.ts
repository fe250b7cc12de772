import type { Random } from "../../../src/scenario/random.ts";

const paths = (
  "a b c l m a/x b/x a/b a/b/x c/y l/x m/x l/b/x " + "a/ l/ a/. a/.. b/../c a/b/.. l/../m c//y ./."
).split(" ");
/** What is open, by its descriptor, wherever it is by now. */
const places = "fd:f fd:g fd:f fd:g fd:f/ fd:f/x fd:g/a fd:f/. fd:g/.. fd:f/../a fd:g/x/../b".split(
  " ",
);
const targets = ["a", "b", "c/y", "../a", "a/b", ".", "l", "m", "missing", "a/", "b/.."];
const modes = [
  "0",
  "400",
  "500",
  "600",
  "644",
  "700",
  "755",
  "777",
  "1777",
  "2755",
  "4755",
  "6711",
];
const flags = (
  "r r+ w wx a a+ w+ O_WRONLY O_RDWR|O_CREAT O_RDONLY|O_TRUNC " +
  "O_RDONLY|O_DIRECTORY O_RDONLY|O_NOFOLLOW O_WRONLY|O_CREAT|O_NOFOLLOW " +
  "O_PATH O_PATH O_PATH|O_NOFOLLOW O_PATH|O_DIRECTORY O_PATH|O_NOFOLLOW|O_DIRECTORY|O_CREAT"
).split(" ");
/** Lines of a script, most of which do something: names are few, so that they meet. */
export function randomScript(random: Random, { asRoot }: { readonly asRoot: boolean }): string[] {
  const pick = (from: readonly string[]): string => from[random.below(from.length)]!;
  // The names of descriptors belong to root while only the effective user is another.
  const path = (): string => pick(asRoot && random.below(4) === 0 ? places : paths);
  const number = (below: number): string => String(random.below(below));
  const file = (): string => pick(["f", "g"]);
  const id = (): string => pick(asRoot ? ["-1", "0", "1234"] : ["-1", "0", "65534"]);
  const steps: (() => string)[] = [
    ...Array.from({ length: 4 }, () => () => `mkdir ${path()} ${pick(modes.slice(4))}`),
    ...Array.from({ length: 4 }, () => () => `writeFile ${path()} ${number(1e6)}`),
    ...Array.from({ length: 3 }, () => () => `symlink ${pick(targets)} ${path()}`),
    ...Array.from({ length: 3 }, () => () => `link ${path()} ${path()}`),
    ...Array.from({ length: 6 }, () => () => `rename ${path()} ${path()}`),
    ...Array.from({ length: 2 }, () => () => `unlink ${path()}`),
    ...Array.from({ length: 2 }, () => () => `rmdir ${path()}`),
    ...Array.from({ length: 3 }, () => () => `chmod ${path()} ${pick(modes)}`),
    ...Array.from(
      { length: 3 },
      () => () => `${file()} = open ${path()} ${pick(flags)} ${pick(modes)}`,
    ),
    ...Array.from({ length: 2 }, () => () => `write ${file()} ${number(1e6)}`),
    () => `write ${file()} ${number(1000)} ${number(12)}`,
    () => `read ${file()} ${number(9)}`,
    () => `read ${file()} 9 ${number(12)}`,
    () => `ftruncate ${file()} ${number(12)}`,
    () => `fchmod ${file()} ${pick(modes)}`,
    () => `fstat ${file()} type mode nlink uid gid`,
    () => `fchown ${file()} ${id()} ${id()}`,
    () => `chown ${path()} ${id()} ${id()}`,
    () => `lchown ${path()} ${id()} ${id()}`,
    () => `truncate ${path()} ${number(12)}`,
    () => `utimes ${path()} 1.5 ${number(1e9)}`,
    () => `lutimes ${path()} 1.5 ${number(1e9)}`,
    () => `stat ${path()} type mode nlink uid gid`,
    () => `lstat ${path()} type mode nlink uid gid`,
    () => `readlink ${path()}`,
    () => `readdir ${path()}`,
    () => `list ${path()}`,
    () => `same ${path()} ${path()}`,
    () => `copyFile ${path()} ${path()}`,
    // Not of "a/..": Node removes from above, and not in one call.
    () => `rm ${pick(["a", "b", "c", "l", "m", "a/x", "l/b"])} recursive`,
    () => `readFile ${path()}`,
    // realpath(3) of the C library does not ask for search permission below "..".
    ...(asRoot
      ? [() => `access ${path()} ${pick(["f", "r", "rw", "x"])}`, () => `realpath ${path()}`]
      : []),
  ];
  const lines = Array.from({ length: 30 }, () => steps[random.below(steps.length)]!());
  const looks = ["a", "b", "c", "l", "m"].map((name) => `lstat ${name} type mode nlink uid gid`);
  return [...lines, ...looks, "tree ."];
}
