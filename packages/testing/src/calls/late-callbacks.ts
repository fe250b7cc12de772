import { promisify } from "node:util";

type Method = (...args: unknown[]) => void;

/**
 * The methods with callbacks, made when the first of them is called: a program uses one half of
 * `node:fs` only, and a crash explorer makes tens of thousands of file systems a second. Assigned one
 * by one, because spreading an object of this size takes a hundred times as long.
 */
export function addCallbacks(face: Record<string, unknown>, make: () => object): void {
  let made: Readonly<Record<string, Method>> | undefined;
  const now = (): Readonly<Record<string, Method>> =>
    (made ??= make() as Readonly<Record<string, Method>>);
  const realpath: Method = (...args) => now()["realpath"]!(...args);
  face["open"] = (...args: unknown[]) => now()["open"]!(...args);
  face["close"] = (...args: unknown[]) => now()["close"]!(...args);
  face["read"] = promisified(
    (...args) => now()["read"]!(...args),
    (error, bytesRead, buffer) => settledWith(error, { bytesRead, buffer }),
  );
  face["readv"] = promisified(
    (...args) => now()["readv"]!(...args),
    (error, bytesRead, buffers) => settledWith(error, { bytesRead, buffers }),
  );
  face["write"] = promisified(
    (...args) => now()["write"]!(...args),
    (error, bytesWritten, buffer) => settledWith(error, { bytesWritten, buffer }),
  );
  face["writev"] = promisified(
    (...args) => now()["writev"]!(...args),
    (error, bytesWritten, buffer) => settledWith(error, { bytesWritten, buffer }),
  );
  face["fstat"] = (...args: unknown[]) => now()["fstat"]!(...args);
  face["fchmod"] = (...args: unknown[]) => now()["fchmod"]!(...args);
  face["fchown"] = (...args: unknown[]) => now()["fchown"]!(...args);
  face["futimes"] = (...args: unknown[]) => now()["futimes"]!(...args);
  face["ftruncate"] = (...args: unknown[]) => now()["ftruncate"]!(...args);
  face["fsync"] = (...args: unknown[]) => now()["fsync"]!(...args);
  face["fdatasync"] = (...args: unknown[]) => now()["fdatasync"]!(...args);
  face["exists"] = promisified(
    (...args) => now()["exists"]!(...args),
    (there) => there,
  );
  face["readFile"] = (...args: unknown[]) => now()["readFile"]!(...args);
  face["writeFile"] = (...args: unknown[]) => now()["writeFile"]!(...args);
  face["appendFile"] = (...args: unknown[]) => now()["appendFile"]!(...args);
  face["rename"] = (...args: unknown[]) => now()["rename"]!(...args);
  face["link"] = (...args: unknown[]) => now()["link"]!(...args);
  face["unlink"] = (...args: unknown[]) => now()["unlink"]!(...args);
  face["symlink"] = (...args: unknown[]) => now()["symlink"]!(...args);
  face["readlink"] = (...args: unknown[]) => now()["readlink"]!(...args);
  face["mkdir"] = (...args: unknown[]) => now()["mkdir"]!(...args);
  face["mkdtemp"] = (...args: unknown[]) => now()["mkdtemp"]!(...args);
  face["rmdir"] = (...args: unknown[]) => now()["rmdir"]!(...args);
  face["rm"] = (...args: unknown[]) => now()["rm"]!(...args);
  face["readdir"] = (...args: unknown[]) => now()["readdir"]!(...args);
  face["opendir"] = (...args: unknown[]) => now()["opendir"]!(...args);
  face["lstat"] = (...args: unknown[]) => now()["lstat"]!(...args);
  face["stat"] = (...args: unknown[]) => now()["stat"]!(...args);
  face["statfs"] = (...args: unknown[]) => now()["statfs"]!(...args);
  face["access"] = (...args: unknown[]) => now()["access"]!(...args);
  face["realpath"] = Object.assign(realpath, { native: realpath });
  face["chmod"] = (...args: unknown[]) => now()["chmod"]!(...args);
  face["chown"] = (...args: unknown[]) => now()["chown"]!(...args);
  face["lchown"] = (...args: unknown[]) => now()["lchown"]!(...args);
  face["utimes"] = (...args: unknown[]) => now()["utimes"]!(...args);
  face["lutimes"] = (...args: unknown[]) => now()["lutimes"]!(...args);
  face["truncate"] = (...args: unknown[]) => now()["truncate"]!(...args);
  face["copyFile"] = (...args: unknown[]) => now()["copyFile"]!(...args);
  face["cp"] = (...args: unknown[]) => now()["cp"]!(...args);
}

/**
 * What `util.promisify` makes of a method whose callback takes no error, or several results. It knows
 * those of `node:fs`; ours have to tell.
 */
function promisified(method: Method, result: (...given: unknown[]) => unknown): Method {
  const custom = (...args: unknown[]): Promise<unknown> =>
    new Promise((resolve) => {
      method(...args, (...given: unknown[]) => resolve(result(...given)));
    });
  return Object.defineProperty(method, promisify.custom, { value: custom });
}

function settledWith(error: unknown, results: object): unknown {
  return error === null || error === undefined ? results : Promise.reject(error as Error);
}
