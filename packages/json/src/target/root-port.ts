import { type FileSystem, invalidCombination, invalidType } from "@holdfast/fs/steps";
import { portOfRoot } from "@holdfast/lock/steps";
import { syncRootPort } from "./sync-root-port.ts";

type Methods = Readonly<Record<string, unknown>>;

/** As `portOfRoot` has for asynchronous ones: one for each. */
const syncPorts = new WeakMap<object, FileSystem>();

/** A root as the port of a file system; paths are relative to it. */
export function rootPort(op: string, root: unknown, half: "async" | "sync"): FileSystem {
  if (typeof root !== "object" || root === null) throw notARoot(op, root);
  const methods = root as Methods;
  const has = (name: string): boolean => typeof methods[name] === "function";
  const isAsync = has("writeFile") && typeof methods["promises"] === "object";
  const isSync = has("writeFileSync") && has("openSync");
  if (!isAsync && !isSync) throw notARoot(op, root);
  if (half === "async" && !isAsync) {
    throw invalidCombination(
      op,
      'an asynchronous call needs a Root as "target.root", not a RootSync',
    );
  }
  if (half === "sync" && !isSync) {
    throw invalidCombination(
      op,
      'a synchronous call needs a RootSync as "target.root", not a Root',
    );
  }
  if (half === "async") return portOfRoot(methods["promises"] as object);
  let port = syncPorts.get(root);
  if (port === undefined) syncPorts.set(root, (port = syncRootPort(methods)));
  return port;
}

const notARoot = (op: string, root: unknown): Error =>
  invalidType(op, "target.root", "a Root or a RootSync of @holdfast/root", root);
