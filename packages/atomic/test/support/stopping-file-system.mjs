// For child processes, which run without a compiler: node:fs, counted at each call that changes
// something, and stopped at one of them. Every change is announced on descriptor 4 before it is made.

import * as fs from "node:fs";
import { writeSync } from "node:fs";

const changing = new Set(
  "write writeFile fchmod fchown futimes ftruncate fsync fdatasync rename link unlink symlink mkdir rmdir copyFile lutimes".split(
    " ",
  ),
);
const twoPaths = new Set(["rename", "link", "symlink", "copyFile"]);
const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC } = fs.constants;
const nameOnHandle = {
  stat: "fstat",
  chmod: "fchmod",
  chown: "fchown",
  utimes: "futimes",
  truncate: "ftruncate",
  sync: "fsync",
  datasync: "fdatasync",
};

/**
 * `stop`: `"kill"` ends the process as a power cut does its programs; `"pause"` leaves the call
 * unmade for ever, with the event loop running (asynchronous half) or blocked (synchronous half).
 */
export function stoppingFileSystem({ at, when, stop }) {
  let made = 0;
  const paths = new Map();

  const announce = (line) => writeSync(4, `${line}\n`);
  const changes = (name, args) =>
    name === "open"
      ? typeof args[1] !== "number" || (args[1] & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) !== 0
      : changing.has(name);

  function isTheOne(name, args) {
    if (!changes(name, args)) return false;
    made++;
    const shown = args.slice(0, twoPaths.has(name) ? 2 : 1);
    announce(`${name} ${shown.map((arg) => paths.get(arg) ?? arg).join(" -> ")}`);
    return made === at;
  }

  async function die() {
    dieNow();
  }

  function dieNow() {
    announce("stopped");
    process.kill(process.pid, "SIGKILL");
  }

  function pauseSync() {
    announce("stopped");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }

  function pause() {
    announce("stopped");
    setInterval(() => {}, 1000);
    return new Promise(() => {});
  }

  const sync =
    (name, call) =>
    (...args) => {
      const here = isTheOne(name, args);
      const halt = stop === "kill" ? dieNow : pauseSync;
      if (here && when === "before") halt();
      const result = call(...args);
      if (here) halt();
      if (name === "open") paths.set(result, args[0]);
      return result;
    };

  const async =
    (name, call) =>
    async (...args) => {
      const here = isTheOne(name, args);
      const halt = stop === "kill" ? die : pause;
      if (here && when === "before") await halt();
      const result = await call(...args);
      if (here) await halt();
      if (name !== "open") return result;
      paths.set(result, args[0]);
      return wrapHandle(result);
    };

  const realHandles = new WeakMap();
  function wrapHandle(handle) {
    const wrapped = new Proxy(handle, {
      get(target, key) {
        const value = Reflect.get(target, key, target);
        if (typeof value !== "function") return value;
        const call = (_, ...args) => value.apply(target, args);
        const counted = async(nameOnHandle[key] ?? key, call);
        return (...args) => counted(target, ...args);
      },
    });
    realHandles.set(wrapped, handle);
    return wrapped;
  }

  const promises = {};
  for (const [name, value] of Object.entries(fs.promises)) {
    if (typeof value !== "function") continue;
    const counted = async(name, value);
    promises[name] = (first, ...rest) => counted(realHandles.get(first) ?? first, ...rest);
  }
  const fileSystem = { promises };
  for (const [name, value] of Object.entries(fs)) {
    if (name.endsWith("Sync")) fileSystem[name] = sync(name.slice(0, -"Sync".length), value);
  }
  return fileSystem;
}
