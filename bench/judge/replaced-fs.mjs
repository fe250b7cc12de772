import nodeFs from "node:fs";
import module from "node:module"; // not by name: Node 20 has no registerHooks, and only starts the newer one

/**
 * Gives the modules below a folder another `node:fs`: one whose every method is that of the file
 * system in use at the moment of the call. For packages that let no file system be injected; they
 * take methods apart and promisify them when they are loaded, so the methods must stay the same.
 *
 * @param {string} folder a `file:` URL that ends with a slash
 */
export function replaceFsBelow(folder) {
  let current = nodeFs;
  const stable = delegating(nodeFs, () => current);
  stable.promises = delegating(nodeFs.promises, () => current.promises);
  globalThis[key] = stable;
  module.registerHooks({
    resolve(specifier, context, next) {
      const name = specifier.replace(/^node:/, "");
      const ours = name === "fs" || name === "fs/promises";
      if (!ours || !context.parentURL?.startsWith(folder)) return next(specifier, context);
      const kind = context.conditions.includes("require") ? "commonjs" : "module";
      return { url: `replaced:${name}?${kind}`, format: kind, shortCircuit: true };
    },
    load(url, context, next) {
      if (!url.startsWith("replaced:")) return next(url, context);
      const object = `globalThis[Symbol.for("${Symbol.keyFor(key)}")]${url.includes("promises") ? ".promises" : ""}`;
      if (context.format === "commonjs") {
        return { format: "commonjs", source: `module.exports = ${object};`, shortCircuit: true };
      }
      const names = Object.keys(url.includes("promises") ? stable.promises : stable);
      const source = `const fs = ${object};\nexport default fs;\nexport const { ${names.join(", ")} } = fs;`;
      return { format: "module", source, shortCircuit: true };
    },
  });
  return {
    /** @param {object} fileSystem of the shape of `node:fs` */
    use(fileSystem) {
      current = fileSystem;
    },
  };
}

const key = Symbol.for("holdfast.bench.replaced-fs");

function delegating(shape, target) {
  const made = {};
  for (const [name, value] of Object.entries(shape)) {
    if (typeof value !== "function" || /^[A-Z_]/.test(name)) made[name] = value;
    else made[name] = (...args) => target()[name](...args);
  }
  if (made.realpath) made.realpath.native = (...args) => target().realpath.native(...args);
  if (made.realpathSync)
    made.realpathSync.native = (...args) => target().realpathSync.native(...args);
  return made;
}
