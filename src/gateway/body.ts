import type { IncomingMessage } from "node:http";
import { KeywardError } from "../core/errors.ts";
import type { JsonValue } from "../core/json.ts";

/** 4 MB. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Arrays and objects within each other. */
const MAX_DEPTH = 64;

/**
 * Refuses by its headers a request that has no JSON body, or whose answer could not be JSON.
 *
 * @throws KeywardError `unsupported_media_type`, `payload_too_large`, `invalid_request`
 */
export function assertJsonExchange({ headers }: Pick<IncomingMessage, "headers">): void {
  const [mediaType, ...parameters] = (headers["content-type"] ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-8"?$/.test(charset);
  const isEncoded = (headers["content-encoding"] ?? "identity").toLowerCase() !== "identity";
  if (mediaType?.trim() !== "application/json" || !isUtf8 || isEncoded) {
    throw new KeywardError("unsupported_media_type");
  }
  if (Number(headers["content-length"] ?? 0) > MAX_BODY_BYTES) {
    throw new KeywardError("payload_too_large");
  }
  if (!acceptsJson(headers.accept)) {
    throw new KeywardError("invalid_request", {
      message: "Answers are application/json, which Accept does not allow.",
    });
  }
}

function acceptsJson(accept = ""): boolean {
  return accept.trim() === "" || hasRange(accept, /^\s*(?:application\/json|application\/\*|\*\/\*)\s*(?:;|$)/);
}

/** Whether a client takes an answer as an event stream. One that says nothing of what it takes gets JSON. */
export function acceptsEvents({ headers }: Pick<IncomingMessage, "headers">): boolean {
  return hasRange(headers.accept ?? "", /^\s*(?:text\/event-stream|text\/\*|\*\/\*)\s*(?:;|$)/);
}

function hasRange(accept: string, pattern: RegExp): boolean {
  return accept
    .toLowerCase()
    .split(",")
    .some((range) => pattern.test(range) && !isNever(range));
}

// RFC 9110 section 12.4.2: a weight of 0 means "not acceptable".
function isNever(range: string): boolean {
  return /;\s*q=0(?:\.0*)?\s*(?:;|$)/.test(range);
}

/** One body, as text and as what it says. */
export interface JsonBody {
  readonly text: string;
  readonly value: JsonValue;
}

/**
 * Reads and parses the body, once.
 *
 * @throws KeywardError `payload_too_large`, `invalid_json`; `invalid_request` when it is nested deeper than 64 levels, or
 *   the client went away
 */
export async function readJson(request: IncomingMessage): Promise<JsonBody> {
  const body = parse(await readBytes(request));
  // Each level takes two characters at the least.
  if (body.text.length >= 2 * MAX_DEPTH && !isShallow(body.value, MAX_DEPTH)) {
    throw new KeywardError("invalid_request", { message: `The body is nested deeper than ${MAX_DEPTH} levels.` });
  }
  return body;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parse(bytes: Uint8Array): JsonBody {
  try {
    const text = utf8.decode(bytes);
    return { text, value: JSON.parse(text) as JsonValue };
  } catch {
    // The parser's own error quotes the body, which may hold anything.
    throw new KeywardError("invalid_json");
  }
}

function isShallow(value: JsonValue, levels: number): boolean {
  if (typeof value !== "object" || value === null) {
    return true;
  }
  return levels > 0 && Object.values(value).every((child: JsonValue) => isShallow(child, levels - 1));
}

// Listeners rather than `for await`: leaving that loop early destroys the socket, and the answer with it.
function readBytes(request: IncomingMessage): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const chunks: Buffer[] = [];
  let size = 0;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      // What is still to come flows on and is dropped.
      request.off("data", onData).resume();
      reject(new KeywardError("payload_too_large"));
      return;
    }
    chunks.push(chunk);
  };
  request.on("data", onData);
  // After an abort there may be no error. After an end it would only build one for nothing.
  const onClose = (): void => reject(new KeywardError("invalid_request"));
  request.once("end", () => {
    request.off("close", onClose);
    resolve(chunks.length === 1 ? (chunks[0] ?? new Uint8Array()) : Buffer.concat(chunks));
  });
  request.once("error", (cause) => reject(new KeywardError("invalid_request", { cause })));
  request.once("close", onClose);
  return promise;
}
