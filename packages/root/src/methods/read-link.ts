import { readlink as readLinkAt, type PathArgument, type Steps } from "@holdfast/fs/steps";
import { namesOf, type RootCall } from "../call/root-call.ts";
import { joinName } from "../path/names.ts";
import { findEntry, findObject, parse } from "../walk/walker.ts";
import { encodeName, readNameEncoding } from "./name-encoding.ts";

export function* readlink(call: RootCall, path: unknown, options?: unknown): Steps<unknown> {
  const encoding = readNameEncoding(call.method, options);
  const place = yield* findEntry(call, parse(call, path));
  call.mayRead(namesOf(place));
  const target = yield* readLinkAt(joinName(place.directory.path, place.name));
  return encodeName(target, encoding);
}

export function* realpath(call: RootCall, path: unknown, options?: unknown): Steps<unknown> {
  const encoding = readNameEncoding(call.method, options);
  const pin = yield* findObject(call, parse(call, path), "follow");
  const names = namesOf(pin.place);
  call.mayRead(names);
  call.checkMount(pin.stats);
  return encodeName(names.length === 0 ? "." : names.reduce(joinNames), encoding);
}

const joinNames = (path: PathArgument, name: PathArgument): PathArgument => joinName(path, name);
