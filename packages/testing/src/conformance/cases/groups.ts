import type { CaseGroup } from "../case-group.ts";
import { statistics, times } from "./attributes.ts";
import { gonePlaces, namesOfDescriptors } from "./descriptor-names.ts";
import { descriptorPathsOfOwner } from "./descriptor-paths-of-owner.ts";
import { descriptorPaths } from "./descriptor-paths.ts";
import { devices, room } from "./devices.ts";
import { directories, wholeFiles } from "./directories.ts";
import { creationModes, modes } from "./modes.ts";
import { linking, renaming } from "./names.ts";
import { opening } from "./opening.ts";
import { othersFiles } from "./others-files.ts";
import { pathOnly, pathOnlyOfOwner } from "./path-only.ts";
import { pathsToChange } from "./paths-to-change.ts";
import { pathsToLook } from "./paths-to-look.ts";
import { pathsToName } from "./paths-to-name.ts";
import { ownPermissions, rootPermissions } from "./permissions.ts";
import { descriptors, readingAndWriting } from "./reading-and-writing.ts";
import { names, symlinks } from "./symlinks.ts";

/** Everything, from what is said most often to what is said last. */
export const groups: readonly CaseGroup[] = [
  opening,
  readingAndWriting,
  descriptors,
  renaming,
  linking,
  symlinks,
  names,
  directories,
  wholeFiles,
  statistics,
  times,
  creationModes,
  modes,
  ownPermissions,
  rootPermissions,
  othersFiles,
  devices,
  room,
  pathOnly,
  pathOnlyOfOwner,
  descriptorPaths,
  descriptorPathsOfOwner,
  namesOfDescriptors,
  gonePlaces,
  pathsToLook,
  pathsToChange,
  pathsToName,
];
