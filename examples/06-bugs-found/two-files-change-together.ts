// People believe: the two renames come directly one after the other, so that both happen or neither.
// What happens: a crash, or a reader, comes between: the new key with the old certificate.
// Seen: whatever renews certificates in place. Kubernetes replaces the one symbolic link that leads to all
// files of a mounted secret, as the correction does.
import { CheckFailed, exploreCrashes, type NodeFileSystem } from "@holdfast/testing";
import type { Bug } from "./bug.ts";
import { flush, replace, stage } from "./durably.ts";

const renew = {
  bug(fs: NodeFileSystem) {
    replace(fs, "/current/key", "2");
    replace(fs, "/current/cert", "2");
  },
  corrected(fs: NodeFileSystem) {
    fs.mkdirSync("/v2");
    stage(fs, "/v2/key", "2");
    stage(fs, "/v2/cert", "2");
    flush(fs, "/v2");
    flush(fs, "/");
    fs.symlinkSync("v2", "/current.tmp");
    fs.renameSync("/current.tmp", "/current");
    flush(fs, "/");
  },
};

export const twoFilesChangeTogether: Bug = {
  title: "two files believed to change together",
  finds: /the key is 2, the certificate 1/,
  explore: (version, options) =>
    exploreCrashes(
      {
        setup(fs) {
          fs.mkdirSync("/v1");
          for (const name of ["key", "cert"]) fs.writeFileSync(`/v1/${name}`, "1");
          fs.symlinkSync("v1", "/current");
        },
        run: renew[version],
        check(fs) {
          const [key, cert] = ["key", "cert"].map((name) =>
            fs.readFileSync(`/current/${name}`, "utf8"),
          );
          if (key !== cert) throw new CheckFailed(`the key is ${key}, the certificate ${cert}`);
        },
      },
      options,
    ),
};
