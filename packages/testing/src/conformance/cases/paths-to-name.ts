/** Every kind of path, for the calls that add and remove names: rename(2), link(2), unlink(2), mkdir(2). */

import type { CaseGroup } from "../case-group.ts";
import { casesOfTable } from "./path-table.ts";

export const pathsToName: CaseGroup = {
  name: "paths to name",
  faces: ["sync", "promises"],
  cases: casesOfTable({
    "mkdir @": `
      f EEXIST  f/ EEXIST  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EEXIST
      d EEXIST  d/ EEXIST  d/. EEXIST  d/.. EEXIST  d/../f EEXIST  d//..//f EEXIST  full EEXIST
      full/ EEXIST  full/x EEXIST  full/x/y ENOTDIR  link EEXIST  link/ EEXIST  link/x ENOTDIR
      dlink EEXIST  dlink/ EEXIST  dlink/. EEXIST  dlink/x EEXIST  dlink/../f EEXIST
      dangling EEXIST  dangling/ EEXIST  dangling/x ENOENT  loop EEXIST  loop/ EEXIST  loop/x ELOOP
      missing ok  missing/ ok  missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT
      {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ok  {a*256} ENAMETOOLONG  d/{é*127} ok
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f EEXIST  {fill:4096}f ENAMETOOLONG
      {0xff} ok`,
    "mkdtemp @": `
      f fXXXXXX  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  d dXXXXXX
      d/ d/XXXXXX  d/. d/.XXXXXX  d/.. d/..XXXXXX  d/../f d/../fXXXXXX  d//..//f d//..//fXXXXXX
      full fullXXXXXX  full/ full/XXXXXX  full/x full/xXXXXXX  full/x/y ENOTDIR  link linkXXXXXX
      link/ ENOTDIR  link/x ENOTDIR  dlink dlinkXXXXXX  dlink/ dlink/XXXXXX  dlink/. dlink/.XXXXXX
      dlink/x dlink/xXXXXXX  dlink/../f dlink/../fXXXXXX  dangling danglingXXXXXX  dangling/ ENOENT
      dangling/x ENOENT  loop loopXXXXXX  loop/ ELOOP  loop/x ELOOP  missing missingXXXXXX
      missing/ ENOENT  missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT
      f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENAMETOOLONG  {a*256} ENAMETOOLONG
      d/{é*127} ENAMETOOLONG  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ENAMETOOLONG  {fill:4096}f ENAMETOOLONG`,
    "rmdir @": `
      f ENOTDIR  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR
      d ok  d/ ok  d/. EINVAL  d/.. ENOTEMPTY  d/../f ENOTDIR  d//..//f ENOTDIR  full ENOTEMPTY
      full/ ENOTEMPTY  full/x ENOTDIR  full/x/y ENOTDIR  link ENOTDIR  link/ ENOTDIR  link/x ENOTDIR
      dlink ENOTDIR  dlink/ ENOTDIR  dlink/. EINVAL  dlink/x ENOTDIR  dlink/../f ENOTDIR
      dangling ENOTDIR  dangling/ ENOTDIR  dangling/x ENOENT  loop ENOTDIR  loop/ ENOTDIR
      loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT
      missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ENOENT
      {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG
      {fill:4095}f ENOTDIR  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "unlink @": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  d EISDIR
      d/ EISDIR  d/. EISDIR  d/.. EISDIR  d/../f ok  d//..//f ok  full EISDIR  full/ EISDIR
      full/x ok  full/x/y ENOTDIR  link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ENOTDIR
      dlink/. EISDIR  dlink/x ok  dlink/../f ok  dangling ok  dangling/ ENOTDIR  dangling/x ENOENT
      loop ok  loop/ ENOTDIR  loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT
      missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE
      {a*255} ENOENT  {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG
      {a*256}/x ENAMETOOLONG  {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "symlink t @": `
      f EEXIST  f/ EEXIST  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EEXIST
      d EEXIST  d/ EEXIST  d/. EEXIST  d/.. EEXIST  d/../f EEXIST  d//..//f EEXIST  full EEXIST
      full/ EEXIST  full/x EEXIST  full/x/y ENOTDIR  link EEXIST  link/ EEXIST  link/x ENOTDIR
      dlink EEXIST  dlink/ EEXIST  dlink/. EEXIST  dlink/x EEXIST  dlink/../f EEXIST
      dangling EEXIST  dangling/ EEXIST  dangling/x ENOENT  loop EEXIST  loop/ EEXIST  loop/x ELOOP
      missing ok  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT
      {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ok  {a*256} ENAMETOOLONG  d/{é*127} ok
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f EEXIST  {fill:4096}f ENAMETOOLONG
      {0xff} ok`,
    "link @ new": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EPERM  d EPERM
      d/ EPERM  d/. EPERM  d/.. EPERM  d/../f ok  d//..//f ok  full EPERM  full/ EPERM  full/x ok
      full/x/y ENOTDIR  link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ EPERM
      dlink/. EPERM  dlink/x ok  dlink/../f ok  dangling ok  dangling/ ENOENT  dangling/x ENOENT
      loop ok  loop/ ELOOP  loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT
      missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE
      {a*255} ENOENT  {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG
      {a*256}/x ENAMETOOLONG  {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "link f @": `
      f EEXIST  f/ EEXIST  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EEXIST
      d EEXIST  d/ EEXIST  d/. EEXIST  d/.. EEXIST  d/../f EEXIST  d//..//f EEXIST  full EEXIST
      full/ EEXIST  full/x EEXIST  full/x/y ENOTDIR  link EEXIST  link/ EEXIST  link/x ENOTDIR
      dlink EEXIST  dlink/ EEXIST  dlink/. EEXIST  dlink/x EEXIST  dlink/../f EEXIST
      dangling EEXIST  dangling/ EEXIST  dangling/x ENOENT  loop EEXIST  loop/ EEXIST  loop/x ELOOP
      missing ok  missing/ ENOENT  missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT
      {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ok  {a*256} ENAMETOOLONG  d/{é*127} ok
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f EEXIST  {fill:4096}f ENAMETOOLONG
      {0xff} ok`,
    "rename @ new": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . EINVAL  d ok
      d/ ok  d/. EBUSY  d/.. EBUSY  d/../f ok  d//..//f ok  full ok  full/ ok  full/x ok
      full/x/y ENOTDIR  link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok  dlink/ ENOTDIR
      dlink/. EBUSY  dlink/x ok  dlink/../f ok  dangling ok  dangling/ ENOTDIR  dangling/x ENOENT
      loop ok  loop/ ENOTDIR  loop/x ELOOP  missing ENOENT  missing/ ENOENT  missing/. ENOENT
      missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE
      {a*255} ENOENT  {a*256} ENAMETOOLONG  d/{é*127} ENOENT  d/{é*128} ENAMETOOLONG
      {a*256}/x ENAMETOOLONG  {fill:4095}f ok  {fill:4096}f ENAMETOOLONG  {0xff} ENOENT`,
    "rename f @": `
      f ok  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ENOTEMPTY
      d EISDIR  d/ ENOTDIR  d/. EBUSY  d/.. EBUSY  d/../f ok  d//..//f ok  full EISDIR
      full/ ENOTDIR  full/x ok  full/x/y ENOTDIR  link ok  link/ ENOTDIR  link/x ENOTDIR  dlink ok
      dlink/ ENOTDIR  dlink/. EBUSY  dlink/x ok  dlink/../f ok  dangling ok  dangling/ ENOTDIR
      dangling/x ENOENT  loop ok  loop/ ENOTDIR  loop/x ELOOP  missing ok  missing/ ENOTDIR
      missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT  {empty} ENOENT
      f{nul} ERR_INVALID_ARG_VALUE  {a*255} ok  {a*256} ENAMETOOLONG  d/{é*127} ok
      d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f ok  {fill:4096}f ENAMETOOLONG
      {0xff} ok`,
    "rename d @": `
      f ENOTDIR  f/ ENOTDIR  f/. ENOTDIR  f/.. ENOTDIR  f/x ENOTDIR  f/../f ENOTDIR  . ENOTEMPTY
      d ok  d/ ok  d/. EBUSY  d/.. EBUSY  d/../f ENOTDIR  d//..//f ENOTDIR  full ENOTEMPTY
      full/ ENOTEMPTY  full/x ENOTDIR  full/x/y ENOTDIR  link ENOTDIR  link/ ENOTDIR  link/x ENOTDIR
      dlink ENOTDIR  dlink/ ENOTDIR  dlink/. EBUSY  dlink/x ENOTDIR  dlink/../f ENOTDIR
      dangling ENOTDIR  dangling/ ENOTDIR  dangling/x ENOENT  loop ENOTDIR  loop/ ENOTDIR
      loop/x ELOOP  missing ok  missing/ ok  missing/. ENOENT  missing/x ENOENT  missing/../f ENOENT
      {empty} ENOENT  f{nul} ERR_INVALID_ARG_VALUE  {a*255} ok  {a*256} ENAMETOOLONG
      d/{é*127} EINVAL  d/{é*128} ENAMETOOLONG  {a*256}/x ENAMETOOLONG  {fill:4095}f ENOTDIR
      {fill:4096}f ENAMETOOLONG  {0xff} ok`,
  }),
};
