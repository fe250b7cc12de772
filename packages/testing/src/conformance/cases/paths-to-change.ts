/** Every kind of path, for the calls that change what a name leads to: open(2), chmod(2), utimensat(2). */

import type { CaseGroup } from "../case-group.ts";
import { casesOfTable } from "./path-table.ts";

export const pathsToChange: CaseGroup = {
  name: "paths to change",
  faces: ["sync", "promises"],
  cases: casesOfTable({
    "open @ r+": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EISDIR  d EISDIR
      d/ EISDIR  d/. EISDIR  d/.. EISDIR  d/../f ok  d//..//f ok  full EISDIR  full/ EISDIR
      full/x ok  full/x/y ENOTDIR  link ok  link/ ENOTDIR  link/x ENOTDIR  dlink EISDIR
      dlink/ EISDIR  dlink/. EISDIR  dlink/x ok  dlink/../f ok  dangling ENOENT  dangling/ ENOENT
      dangling/x ENOENT  loop ELOOP  loop/ ELOOP  loop/x ELOOP  missing ENOENT  missing/ ENOENT
      missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT
      f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT  {a*256} ENAMETOOLONG  d/{é*127} ENOENT
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f ok  {fill:4096}f ENAMETOOLONG
      {0xff} ENOENT`,
    "open @ w": `
      f ok  f/ EISDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EISDIR  d EISDIR
      d/ EISDIR  d/. EISDIR  d/.. EISDIR  d/../f ok  d//..//f ok  full EISDIR  full/ EISDIR
      full/x ok  full/x/y ENOTDIR  link ok  link/ EISDIR  link/x ENOTDIR  dlink EISDIR
      dlink/ EISDIR  dlink/. EISDIR  dlink/x ok  dlink/../f ok  dangling ok  dangling/ EISDIR
      dangling/x ENOENT  loop ELOOP  loop/ EISDIR  loop/x ELOOP  missing ok  missing/ EISDIR
      missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT
      f{nul} ERR_INVALID_ARG_VALUE  {a*255} ok  {a*256} ENAMETOOLONG  d/{é*127} ok
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f ok  {fill:4096}f ENAMETOOLONG
      {0xff} ok`,
    "open @ wx": `
      f EEXIST  f/ EISDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EEXIST
      d EEXIST  d/ EISDIR  d/. EEXIST  d/.. EEXIST  d/../f EEXIST  d//..//f EEXIST  full EEXIST
      full/ EISDIR  full/x EEXIST  full/x/y ENOTDIR  link EEXIST  link/ EISDIR  link/x ENOTDIR
      dlink EEXIST  dlink/ EISDIR  dlink/. EEXIST  dlink/x EEXIST  dlink/../f EEXIST
      dangling EEXIST  dangling/ EISDIR  dangling/x ENOENT  loop EEXIST  loop/ EISDIR  loop/x ELOOP
      missing ok  missing/ EISDIR  missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT
      {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ok  {a*256} ENAMETOOLONG  d/{é*127} ok
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f EEXIST  {fill:4096}f ENAMETOOLONG
      {0xff} ok`,
    "truncate @ 2": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EISDIR  d EISDIR
      d/ EISDIR  d/. EISDIR  d/.. EISDIR  d/../f ok  d//..//f ok  full EISDIR  full/ EISDIR
      full/x ok  full/x/y ENOTDIR  link ok  link/ ENOTDIR  link/x ENOTDIR  dlink EISDIR
      dlink/ EISDIR  dlink/. EISDIR  dlink/x ok  dlink/../f ok  dangling ENOENT  dangling/ ENOENT
      dangling/x ENOENT  loop ELOOP  loop/ ELOOP  loop/x ELOOP  missing ENOENT  missing/ ENOENT
      missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT
      f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT  {a*256} ENAMETOOLONG  d/{é*127} ENOENT
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f ok  {fill:4096}f ENAMETOOLONG
      {0xff} ENOENT`,
    "chmod @ 700": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ok  d ok  d/ ok
      d/. ok  d/.. ok  d/../f ok  d//..//f ok  full ok  full/ ok  full/x ok  full/x/y ENOTDIR
      link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ok  dlink/. ok  dlink/x ok
      dlink/../f ok  dangling ENOENT  dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "chown @ {uid} {gid}": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ok  d ok  d/ ok
      d/. ok  d/.. ok  d/../f ok  d//..//f ok  full ok  full/ ok  full/x ok  full/x/y ENOTDIR
      link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ok  dlink/. ok  dlink/x ok
      dlink/../f ok  dangling ENOENT  dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "lchown @ {uid} {gid}": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ok  d ok  d/ ok
      d/. ok  d/.. ok  d/../f ok  d//..//f ok  full ok  full/ ok  full/x ok  full/x/y ENOTDIR
      link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ok  dlink/. ok  dlink/x ok
      dlink/../f ok  dangling ok  dangling/ ENOENT  dangling/x ENOENT  loop ok  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "utimes @ 1 2": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ok  d ok  d/ ok
      d/. ok  d/.. ok  d/../f ok  d//..//f ok  full ok  full/ ok  full/x ok  full/x/y ENOTDIR
      link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ok  dlink/. ok  dlink/x ok
      dlink/../f ok  dangling ENOENT  dangling/ ENOENT  dangling/x ENOENT  loop ELOOP  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "lutimes @ 1 2": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ok  d ok  d/ ok
      d/. ok  d/.. ok  d/../f ok  d//..//f ok  full ok  full/ ok  full/x ok  full/x/y ENOTDIR
      link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ok  dlink/. ok  dlink/x ok
      dlink/../f ok  dangling ok  dangling/ ENOENT  dangling/x ENOENT  loop ok  loop/ ELOOP
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
  }),
};
