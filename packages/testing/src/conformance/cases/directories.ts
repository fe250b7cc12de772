import type { CaseGroup } from "../case-group.ts";

/** mkdir(2), rmdir(2), readdir(3), mkdtemp(3). */
export const directories: CaseGroup = {
  name: "directories",
  cases: {
    "a new one is empty": `
      mkdir new -> ok
      readdir new -> nothing
      lstat new type -> directory`,
    "in one that is not there": `
      mkdir nowhere/new -> ENOENT
      mkdir f/new -> ENOTDIR
      mkdir dangling/new -> ENOENT`,
    "through a link": `
      mkdir dlink/new -> ok
      readdir full -> new x
      mkdir dangling -> EEXIST`,
    "rmdir of one that is not empty": `
      rmdir full -> ENOTEMPTY
      readFile full/x -> "1"
      unlink full/x
      rmdir full -> ok
      lstat full -> ENOENT`,
    "rmdir of a file, of a link": `
      rmdir f -> ENOTDIR
      rmdir dlink -> ENOTDIR
      rmdir dangling -> ENOTDIR`,
    "rmdir of dot and dot-dot": `
      rmdir d/. -> EINVAL
      rmdir d/.. -> ENOTEMPTY`,
    "a directory that holds only a dangling link is not empty": `
      symlink nowhere d/x
      rmdir d -> ENOTEMPTY`,
    "links lead to subdirectories: nlink": `
      stat d nlink -> 2
      mkdir d/one
      mkdir d/two
      stat d nlink -> 4
      writeFile d/f 1
      symlink one d/link
      stat d nlink -> 4
      rmdir d/one
      stat d nlink -> 3
      rename d/two moved
      stat d nlink -> 2
      stat moved nlink -> 2
      rename moved d/two
      stat d nlink -> 3
      mkdir d/three
      rename d/two d/three
      stat d nlink -> 3`,
    "dot-dot after a move is the new one": `
      mkdir d/sub
      rename d/sub full/sub
      same full/sub/.. full -> same
      readdir full/sub/.. -> sub x`,
    "dot is the directory, dot-dot the one above": `
      same d/. d -> same
      same d/.. . -> same
      same dlink/.. . -> same`,
    "readdir of a file": `
      readdir f -> ENOTDIR
      readdir link -> ENOTDIR`,
    "readdir through a link": `
      readdir dlink -> x
      readdir dlink/ -> x`,
    types: `
      list . -> d/ dangling@ dlink@ f full/ link@ loop@ loop2@
      list dlink -> x
      list d -> nothing
      list f -> ENOTDIR`,
    "everything below": `
      mkdir full/sub
      writeFile full/sub/y 2
      listAll full -> sub sub/y x`,
    "mkdtemp makes one for its owner only": `
      mkdtempMode d/t- -> 700
      stat d nlink -> 3`,
    "mkdtemp in one that is not there": `
      mkdtemp nowhere/t- -> ENOENT
      mkdtemp f/t- -> ENOTDIR`,
    "mkdtemp of a name that is too long": `
      mkdtemp {a*249} -> {a*249}XXXXXX
      mkdtemp {a*250} -> ENAMETOOLONG`,
    "mkdir with recursive": `
      mkdirs d/a/b/c -> d/a
      mkdirs d/a/b/c -> nothing
      mkdirs d/a/x -> d/a/x
      tree d -> a/ a/b/ a/b/c/ a/x/
      mkdirs f -> EEXIST
      mkdirs f/x -> ENOTDIR
      mkdirs dlink/y -> dlink/y`,
    "many names": `
      ${Array.from({ length: 50 }, (_, i) => `writeFile d/file-${i} x`).join("\n")}
      rmdir d -> ENOTEMPTY
      ${Array.from({ length: 50 }, (_, i) => `unlink d/file-${i}`).join("\n")}
      readdir d -> nothing
      rmdir d -> ok`,
    "deep ones": `
      mkdirs ${Array.from({ length: 60 }, () => "n").join("/")} -> n
      writeFile ${Array.from({ length: 60 }, () => "n").join("/")}/f deep
      readFile ${Array.from({ length: 60 }, () => "n").join("/")}/f -> "deep"
      rm n recursive -> ok
      lstat n -> ENOENT`,
  },
};

/** What Node makes of several calls. */
export const wholeFiles: CaseGroup = {
  name: "whole files",
  cases: {
    "writeFile makes and replaces": `
      writeFile new one -> ok
      writeFile new two!
      readFile new -> "two!"
      writeFile new x
      readFile new -> "x"`,
    "writeFile follows links": `
      writeFile link x
      readFile f -> "x"
      writeFile dangling y
      readFile missing -> "y"`,
    "writeFile with flags": `
      writeFile f x wx -> EEXIST
      writeFile f !! r+ -> ok
      readFile f -> "!!llo"
      writeFile f x a
      readFile f -> "!!llox"
      writeFile missing x r+ -> ENOENT`,
    "writeFile to a directory": `
      writeFile d x -> EISDIR
      readFile d -> EISDIR`,
    "writeFile keeps the mode of what is there": `
      chmod f 600
      writeFile f x w 777
      stat f mode -> 600`,
    "appendFile makes and appends": `
      appendFile new one -> ok
      appendFile new two
      readFile new -> "onetwo"
      appendFile d x -> EISDIR`,
    "copyFile copies content and mode": `
      chmod f 640
      copyFile f new -> ok
      readFile new -> "hello"
      stat new mode -> 640
      readFile f -> "hello"`,
    "copyFile replaces content": `
      copyFile f full/x -> ok
      readFile full/x -> "hello"
      copyFile f full/x exclusive -> EEXIST
      copyFile missing new -> ENOENT
      lstat new -> ENOENT`,
    "copyFile follows links": `
      copyFile link new -> ok
      lstat new type -> file
      copyFile full/x link -> ok
      readFile f -> "1"`,
    rm: `
      rm f -> ok
      rm missing -> ENOENT
      rm missing force -> ok
      rm full -> ERR_FS_EISDIR
      rm full recursive -> ok
      lstat full -> ENOENT`,
    "rm does not follow links": `
      rm dlink recursive -> ok
      readFile full/x -> "1"
      symlink ../full d/out
      rm d recursive -> ok
      readFile full/x -> "1"`,
  },
};
