import { isKeywardError } from "../../core/errors.ts";
import type { Store } from "../../core/store-port.ts";
import type { Metrics } from "./metrics.ts";

const READS = /^(?:find|list|read|count|is|has|verify)/;
// They remember and return: what they remember is written with others, later.
const IN_MEMORY = /^(?:touch|noteTold$|droppedUses$|close$)/;

type Method = (...args: readonly unknown[]) => unknown;

/** Every method of the store, timed. */
export function observeStore<S extends Store>(store: S, metrics: Metrics): S {
  const methods = Object.entries(store) as [string, Method][];
  return Object.fromEntries(methods.map(([name, method]) => [name, observed(name, method, metrics)])) as unknown as S;
}

function observed(name: string, method: Method, metrics: Metrics): Method {
  if (IN_MEMORY.test(name)) {
    return method;
  }
  const operation = READS.test(name) ? "read" : "write";
  return async (...args) => {
    const start = performance.now();
    let hasFailed = false;
    try {
      return await method(...args);
    } catch (error) {
      // The others are answers: a name that is taken, a server that is not there.
      hasFailed = !isKeywardError(error) || error.code === "credential_store_unavailable";
      throw error;
    } finally {
      metrics.store(operation, (performance.now() - start) / 1_000, hasFailed);
    }
  };
}
