import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { ServerResponse } from "node:http";
import { join } from "node:path";

/*
 * The canary (A37): every header value of a test begins with one marker, and after the test the marker must stand in no
 * log line, no answer of the gateway and no file, in no encoding.
 */

const MARKER = "kwcanary-9f27-";

/** A header value that betrays itself wherever it turns up. */
export function canaryValue(label: string): string {
  return `${MARKER}${label}-${randomBytes(9).toString("base64url")}`;
}

/** The marker in plain, hexadecimal, URL and base64 form; the latter at each of its three alignments. */
const FORMS: readonly Buffer[] = [
  Buffer.from(MARKER),
  Buffer.from(Buffer.from(MARKER).toString("hex")),
  Buffer.from(Buffer.from(MARKER).toString("hex").toUpperCase()),
  Buffer.from(
    MARKER.split("")
      .map((char) => `%${char.charCodeAt(0).toString(16)}`)
      .join(""),
  ),
  ...[0, 1, 2].map((shift) => {
    const encoded = Buffer.from(" ".repeat(shift) + MARKER).toString("base64");
    // The characters at the edges also depend on what stands before and after the marker.
    return Buffer.from(encoded.slice(shift === 0 ? 0 : 4, -4));
  }),
];

export function betrays(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return FORMS.some((form) => buffer.includes(form));
}

/** @returns the files below a folder in which a canary stands */
export function betrayingFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => betrays(readUnlessGone(path)));
}

/** Nothing of a file that has gone meanwhile: SQLite deletes two of its own when the last of two gateways closes it. */
function readUnlessGone(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      return new Uint8Array();
    }
    throw error;
  }
}

type Sink = (bytes: Buffer) => void;

const sinks = new Map<number, Sink>();
let isTapped = false;

/** Hands over every byte that servers of this process answer on a port, bodies and headers. */
export function tapAnswers(port: number, sink: Sink): () => void {
  tapOnce();
  sinks.set(port, sink);
  return () => sinks.delete(port);
}

function tapOnce(): void {
  if (isTapped) {
    return;
  }
  isTapped = true;
  const proto = ServerResponse.prototype;
  for (const name of ["write", "end", "writeHead", "setHeader"] as const) {
    const original = proto[name] as (...args: unknown[]) => unknown;
    Object.assign(proto, {
      [name](this: ServerResponse, ...args: unknown[]): unknown {
        const sink = sinks.get(this.socket?.localPort ?? -1);
        if (sink !== undefined) {
          args.forEach((arg) => sink(toBytes(arg)));
        }
        return original.apply(this, args);
      },
    });
  }
}

function toBytes(arg: unknown): Buffer {
  if (typeof arg === "string") {
    return Buffer.from(arg);
  }
  if (arg instanceof Uint8Array) {
    return Buffer.from(arg);
  }
  return typeof arg === "object" && arg !== null ? Buffer.from(JSON.stringify(arg)) : Buffer.alloc(0);
}
