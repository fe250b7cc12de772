import type { CaseGroup } from "../case-group.ts";

/** `l1` leads to `f`, `l2` to `l1`, and so on. */
function chain(length: number): string {
  const lines = ["symlink f l1"];
  for (let i = 2; i <= length; i++) lines.push(`symlink l${i - 1} l${i}`);
  return lines.join("\n");
}

/** symlink(2), readlink(2), symlink(7). */
export const symlinks: CaseGroup = {
  name: "symlink",
  cases: {
    "says what it was given": `
      symlink anything/at//all/../. new -> ok
      readlink new -> anything/at//all/../.
      lstat new type size -> symlink 21`,
    "all may do all with a link": `
      lstat link mode nlink -> 777 1`,
    "its size is that of its text in bytes": `
      symlink ééé new
      lstat new size -> 6
      readlink new -> ééé`,
    "an absolute one": `
      symlink @/f new
      readFile new -> "hello"
      realpath new -> f`,
    "a relative one is relative to where it is": `
      symlink ../f d/up
      readFile d/up -> "hello"
      rename d moved
      readFile moved/up -> "hello"
      symlink x full/beside
      readFile full/beside -> "1"
      rename full/beside away
      readFile away -> ENOENT`,
    "of nothing": `
      symlink {empty} new -> ENOENT`,
    "40 links are followed, 41 are not": `
      ${chain(41)}
      readFile l40 -> "hello"
      stat l41 type -> ELOOP
      open l41 r -> ELOOP
      open l41 w -> ELOOP
      lstat l41 type -> symlink
      readlink l41 -> l40`,
    "links on the way count as well": `
      ${chain(39)}
      symlink . here
      stat here/l39 type -> file
      stat here/here/l39 type -> ELOOP`,
    "to itself": `
      symlink self self
      stat self -> ELOOP
      readFile self -> ELOOP
      unlink self -> ok`,
    "a text of 4095 bytes, and no longer": `
      symlink {a/*2047}a new -> ok
      lstat new size -> 4095
      symlink {a/*2048} other -> ENAMETOOLONG`,
    "a name that is taken": `
      symlink t f -> EEXIST
      symlink t d -> EEXIST
      symlink t link -> EEXIST
      symlink t dangling -> EEXIST`,
    "to a name with a slash behind": `
      symlink full/ new
      readFile new/x -> "1"
      symlink f/ bad
      stat bad -> ENOTDIR`,
    "to dot and dot-dot": `
      symlink . dot
      symlink .. d/up
      readFile dot/f -> "hello"
      readFile d/up/f -> "hello"
      realpath d/up -> .`,
    "changing what it leads to": `
      unlink link
      symlink full/x link
      readFile link -> "1"`,
    "chmod goes through it": `
      chmod link 600 -> ok
      stat f mode -> 600
      lstat link mode -> 777`,
    "utimes goes through it, lutimes does not": `
      utimes link 1 2 -> ok
      stat f mtime -> 2
      lutimes link 3 4 -> ok
      lstat link mtime -> 4
      stat f mtime -> 2`,
    "realpath takes all of them out": `
      symlink full d/one
      symlink ../dlink d/two
      realpath d/two/x -> full/x
      realpath d/../dlink/../link -> f
      realpath d/one -> ENOENT`,
    "readlink of what is none": `
      readlink f -> EINVAL
      readlink d -> EINVAL`,
  },
};

/** Names that are bytes and not text, and names at their longest. */
export const names: CaseGroup = {
  name: "names",
  empty: true,
  cases: {
    "that are no UTF-8": `
      writeFile a{0xff}b 1
      readFile a{0xff}b -> "1"
      readdir . buffer -> a{0xff}b
      readdir . -> a\uFFFDb
      stat a\uFFFDb -> ENOENT
      rename a{0xff}b {0xfe} -> ok
      readdir . buffer -> {0xfe}
      unlink {0xfe} -> ok
      readdir . -> nothing`,
    "two that are no UTF-8 are two": `
      writeFile {0xff} 1
      writeFile {0xfe} 2
      readFile {0xff} -> "1"
      readFile {0xfe} -> "2"
      readdir . buffer -> {0xfe} {0xff}`,
    "a link to bytes": `
      symlink {0xff} link
      readlink link buffer -> {0xff}
      lstat link size -> 1
      writeFile {0xff} 1
      readFile link -> "1"`,
    "a directory with a name of bytes": `
      mkdir {0xff}
      writeFile {0xff}/x 1
      readFile {0xff}/x -> "1"
      rmdir {0xff} -> ENOTEMPTY`,
    "composed and decomposed letters are two": `
      writeFile \u00e9 1
      writeFile e\u0301 2
      readFile \u00e9 -> "1"
      readFile e\u0301 -> "2"`,
    "capitals are others": `
      writeFile a 1
      writeFile A 2
      readFile a -> "1"
      readdir . -> A a`,
    "that are special elsewhere": `
      writeFile con 1
      writeFile a:b 2
      writeFile a\\b 3
      writeFile a?*|<>" 4
      writeFile trailing. 5
      writeFile trailing{space} 6
      writeFile {space} 7
      writeFile ... 8
      readFile trailing. -> "5"
      readFile trailing{space} -> "6"
      readFile ... -> "8"
      readFile a\\b -> "3"
      stat trailing -> ENOENT`,
    "like those that objects have": `
      stat __proto__ -> ENOENT
      stat constructor -> ENOENT
      writeFile __proto__ 1
      writeFile constructor 2
      readdir . -> __proto__ constructor`,
    "are listed by their bytes": `
      writeFile b 1
      writeFile é 1
      writeFile a 1
      writeFile B 1
      writeFile 𐀀 1
      writeFile \uE000 1
      readdir . -> B a b é \uE000 𐀀`,
    "of 255 bytes, not of 255 letters": `
      writeFile {é*127}a 1
      stat {é*127}a type -> file
      open {é*128} w -> ENAMETOOLONG
      mkdir {a*256} -> ENAMETOOLONG
      writeFile {😀*63}abc 1
      open {😀*64} w -> ENAMETOOLONG
      readdir . -> {é*127}a {😀*63}abc`,
    "too long in the middle of a path": `
      stat {a*256}/x -> ENAMETOOLONG
      mkdir d
      stat d/{a*256}/../x -> ENAMETOOLONG
      stat missing/{a*256} -> ENOENT`,
    "a path of 4095 bytes, and no longer": `
      writeFile f 1
      readFile {fill:4095}f -> "1"
      stat {fill:4096}f -> ENAMETOOLONG
      open {fill:4096}f w -> ENAMETOOLONG
      mkdir {fill:4095}new -> ok
      rename f {fill:4096}g -> ENAMETOOLONG`,
    "NUL is no part of one": `
      open a{nul}b w -> ERR_INVALID_ARG_VALUE
      mkdir {nul} -> ERR_INVALID_ARG_VALUE
      rename a{nul} b -> ERR_INVALID_ARG_VALUE
      symlink a{nul} b -> ERR_INVALID_ARG_VALUE
      readdir . -> nothing`,
  },
};
