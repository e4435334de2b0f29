import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Child {
  readonly process: ChildProcess;
  /** Everything it printed, once it has ended; rejects when it failed by itself. */
  readonly output: Promise<string>;
}

/** Runs a script of this folder in a process of its own, through `sh` when there are limits to set first. */
export function runChild(script: string, args: readonly string[], limits?: string): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const command = [process.execPath, path, ...args];
  const child =
    limits === undefined
      ? spawn(process.execPath, command.slice(1), { stdio: ["ignore", "pipe", "inherit"] })
      : spawn("sh", ["-c", `${limits}; exec "$@"`, "sh", ...command], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const output = new Promise<string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0 || signal === "SIGKILL") {
        resolve(text);
      } else {
        reject(new Error(`${script} ended with ${code ?? signal}`));
      }
    });
  });
  return { process: child, output };
}
